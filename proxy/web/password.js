// SPDX-License-Identifier: GPL-2.0-or-later
// Asks for a stream's password. It goes to the caller and is left nowhere: not in the field, not in storage.
export class PasswordPrompt {
  // Calls entered(password) or cancelled().
  constructor($, entered, cancelled) {
    this.$ = $;
    const dialog = $('passdialog');
    $('passform').addEventListener('submit', (event) => {
      event.preventDefault();
      const password = $('password').value;
      this.close();
      entered(password);
    });
    $('passcancel').addEventListener('click', () => { this.close(); cancelled(); });
    // Escape, and a phone's way back
    dialog.addEventListener('cancel', (event) => { event.preventDefault(); this.close(); cancelled(); });
    $('reveal').addEventListener('click', () => this.reveal($('password').type === 'password'));
  }

  // wrong: the server's words about the one before, or ''. stream: its name, where it was opened by that.
  open(wrong, stream) {
    const { $ } = this;
    $('passwrong').textContent = wrong;
    $('passfor').value = stream ?? location.host; // for password managers
    $('passlabel').textContent = `Password for ${stream ?? 'this screen'}`;
    $('password').setAttribute('aria-invalid', String(wrong !== ''));
    if (!$('passdialog').open) $('passdialog').showModal();
    $('password').focus();
  }

  reveal(on) {
    this.$('password').type = on ? 'text' : 'password';
    this.$('reveal').setAttribute('aria-pressed', String(on));
  }

  close() {
    this.$('password').value = '';
    this.reveal(false);
    this.$('passdialog').close();
  }
}
