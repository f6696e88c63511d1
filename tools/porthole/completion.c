/* SPDX-License-Identifier: GPL-2.0-or-later
 * completion: a script for bash, from the tables. It says for each command what its options are,
 * what their values can be and what the first argument can be; the rest is the same for all. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "option.h"

/* Choices as words. */
static void print_choices(const char *choices)
{
    for (const char *c = choices; *c != '\0'; c++)
        putchar(*c == '|' ? ' ' : *c);
}

/* One line for each option that has a value: `COMMAND --name) values='...' ;;`. */
static void print_values(const char *command, const struct option_spec *table)
{
    for (const struct option_spec *o = table; o != NULL && o->name != NULL; o++) {
        if (o->value == NULL)
            continue;
        printf("    '%s --%s'", command, o->name);
        if (o->letter != '\0')
            printf(" | '%s -%c'", command, o->letter);
        printf(") values='");
        if (strcmp(o->value, "FILE") == 0 || strchr(o->value, '|') != NULL)
            print_choices(o->value);
        printf("' ;;\n");
    }
}

static void print_names(const struct option_spec *table)
{
    for (const struct option_spec *o = table; o != NULL && o->name != NULL; o++)
        printf(" --%s", o->name);
}

static void print_command(const struct command *c)
{
    printf("    %s)\n      options='", c->name);
    print_names(c->options);
    printf("'\n      first='");
    if (c->words != NULL)
        print_choices(c->words);
    printf("' ;;\n");
}

static const char script[] =
    "_porthole()\n"
    "{\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} command='' options='' first='' commands global values "
    "word\n"
    "  local -i i arguments=0\n"
    "  COMPREPLY=()\n"
    "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "    word=${COMP_WORDS[i]}\n"
    "    if [[ $word == -?* ]]; then\n"
    "      if _porthole_values \"$command\" \"$word\"; then\n"
    "        # bash takes --name=value apart into three words\n"
    "        [[ ${COMP_WORDS[i + 1]} == '=' ]] && i+=1\n"
    "        i+=1\n"
    "        if ((i >= COMP_CWORD)); then\n"
    "          [[ $cur == '=' ]] && cur=''\n"
    "          _porthole_offer \"$values\"\n"
    "          return\n"
    "        fi\n"
    "      fi\n"
    "    elif [[ -z $command ]]; then\n"
    "      command=$word\n"
    "    else\n"
    "      arguments+=1\n"
    "    fi\n"
    "  done\n"
    "  _porthole_command \"$command\"\n"
    "  if [[ $cur == -* ]]; then\n"
    "    _porthole_offer \"$options $global\"\n"
    "  elif [[ -z $command ]]; then\n"
    "    _porthole_offer \"$commands\"\n"
    "  elif ((arguments == 0)) || [[ $first == FILE ]]; then\n"
    "    _porthole_offer \"$first\"\n"
    "  fi\n"
    "}\n"
    "\n"
    "# What begins like the word under the cursor: of these words, or the files' names.\n"
    "_porthole_offer()\n"
    "{\n"
    "  if [[ $1 == FILE ]]; then\n"
    "    compopt -o filenames\n"
    "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "  elif [[ $1 ]]; then\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "  fi\n"
    "}\n"
    "\n"
    "complete -F _porthole porthole\n";

static int cmd_completion(struct app *app, int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "bash") != 0)
        return app_usage(app, argc < 2 ? "no shell" : "only bash is known");
    printf("# bash completion for porthole, made by `porthole completion bash`\n\n"
           "# Has this option a value? Then `values` is what it can be.\n"
           "_porthole_values()\n{\n  case \"${1:-porthole} $2\" in\n");
    for (const struct command *const *c = commands; *c != NULL; c++)
        print_values((*c)->name, (*c)->options);
    printf("    *) false ;;\n  esac || case \"porthole $2\" in\n");
    print_values("porthole", global_options);
    printf("    *) false ;;\n  esac\n}\n\n"
           "# `options` and `first`, what its first argument can be, of a command.\n"
           "_porthole_command()\n{\n  commands='");
    for (const struct command *const *c = commands; *c != NULL; c++)
        printf("%s%s", c == commands ? "" : " ", (*c)->name);
    printf("'\n  global='");
    print_names(global_options);
    printf("'\n  case $1 in\n");
    for (const struct command *const *c = commands; *c != NULL; c++)
        print_command(*c);
    printf("  esac\n}\n\n%s", script);
    return EXIT_FINE;
}

const struct command command_completion = {
    .name = "completion",
    .arguments = "bash",
    .summary = "print a script that lets bash complete command lines",
    .words = "bash",
    .run = cmd_completion,
};
