# SPDX-License-Identifier: GPL-2.0-or-later

# PORTHOLE_TRY_CFLAGS(VARIABLE, FLAGS): collects those of FLAGS that the compiler knows.
AC_DEFUN([PORTHOLE_TRY_CFLAGS], [
$1=
for flag in $2; do
  saved_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $flag"
  AC_MSG_CHECKING([whether $CC knows $flag])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes]); $1="$$1 $flag"], [AC_MSG_RESULT([no])])
  CFLAGS=$saved_CFLAGS
done])

# PORTHOLE_NEED_CFLAGS(FLAGS, OPTION): ends configure where OPTION's FLAGS do not link.
AC_DEFUN([PORTHOLE_NEED_CFLAGS], [
saved_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS $1"
AC_MSG_CHECKING([whether $CC can do $1])
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
  [AC_MSG_RESULT([no]); AC_MSG_ERROR([$2 needs a compiler that takes $1; try CC=clang with its runtime (Debian: apt-get install clang libclang-rt-14-dev)])])
CFLAGS=$saved_CFLAGS])

# PORTHOLE_CHECK_DECODER: by which name LibVNCClient is loaded (client/vncclient.c), and whether it is
# one that can be used. LibVNCClient decodes from memory, with no socket. That is a habit of its
# inside, not a promise of its interface, so it is tried: one Hextile rectangle of one solid pixel.
# Then a Tight rectangle that holds three rows more than it says: before the fix for it (Debian's
# 0.9.14+dfsg-1+deb12u2) they were written behind the framebuffer. Exit 2 tells that.
AC_DEFUN([PORTHOLE_CHECK_DECODER], [
saved_CFLAGS=$CFLAGS saved_LIBS=$LIBS
CFLAGS="$CFLAGS $VNCCLIENT_CFLAGS"
LIBS="$VNCCLIENT_LIBS $LIBS"
AC_MSG_CHECKING([by which name to load LibVNCClient])
AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <stdlib.h>
#include <rfb/rfbclient.h>]], [[rfbClientCleanup(rfbGetClient(8, 3, 4));]])],
  [soname=`$OBJDUMP -p conftest$ac_exeext | $SED -n 's/^ *NEEDED *\(libvncclient.*\)/\1/p'`],
  [soname=])
AS_IF([test "x$soname" = x], [AC_MSG_RESULT([not found])
  AC_MSG_ERROR([nothing links with LibVNCClient as a shared library])])
AC_MSG_RESULT([$soname])
AC_DEFINE_UNQUOTED([VNCCLIENT_SONAME], ["$soname"], [The shared library that decodes, for dlopen.])
AC_MSG_CHECKING([whether LibVNCClient decodes from memory])
AC_RUN_IFELSE([AC_LANG_SOURCE([[
#include <stdlib.h>
#include <string.h>
#include <rfb/rfbclient.h>
static rfbBool no_alloc(rfbClient *c) { (void)c; return FALSE; }
int main(void)
{
  static const unsigned char wire[] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 5,
                                       2, 0x11, 0x22, 0x33, 0};
  static unsigned char tight[73] = {0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0, 7,
                                    0x00, 55, 0x78, 0x01, 0x01, 48, 0, 0xcf, 0xff};
  static unsigned char pixel[4], rows[4 * 16];
  rfbClient *c = rfbGetClient(8, 3, 4);
  if (c == NULL)
    return 1;
  c->sock = -1;
  c->serverPort = 0;
  c->major = 3;
  c->minor = 8;
  c->width = c->height = c->updateRect.w = c->updateRect.h = 1;
  c->si.framebufferWidth = c->si.framebufferHeight = 1;
  c->frameBuffer = pixel;
  c->MallocFrameBuffer = no_alloc;
  c->format.bigEndian = 0;
  c->format.redShift = 16;
  c->format.greenShift = 8;
  c->format.blueShift = 0;
  memset(&c->supportedMessages, 0, sizeof c->supportedMessages);
  c->bufoutptr = (char *)wire;
  c->buffered = sizeof wire;
  rfbBool ok = HandleRFBServerMessage(c);
  int good = ok && c->buffered == 0 && memcmp(pixel, wire + 17, 3) == 0;
  if (!good)
    return 1;
  memset(tight + 25, 0xaa, 48);
  c->width = c->updateRect.w = c->si.framebufferWidth = 4;
  c->frameBuffer = rows;
  c->bufoutptr = (char *)tight;
  c->buffered = sizeof tight;
  HandleRFBServerMessage(c);
  for (size_t i = 16; i < sizeof rows; i++)
    if (rows[i] != 0)
      return 2;
  return 0;
}
]])], [AC_MSG_RESULT([yes])],
 [status=$?
  AC_MSG_RESULT([no])
  AS_IF([test $status -eq 2],
    [AC_MSG_ERROR([this LibVNCClient lets a server write behind the framebuffer (Tight); install a fixed one, on Debian 12 at least 0.9.14+dfsg-1+deb12u2])],
    [AC_MSG_ERROR([this LibVNCClient does not decode from memory; version 0.9.14 of Debian 12 does])])],
 [AC_MSG_RESULT([not tried: cross compiling])])
CFLAGS=$saved_CFLAGS LIBS=$saved_LIBS])
