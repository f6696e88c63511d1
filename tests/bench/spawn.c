/* SPDX-License-Identifier: GPL-2.0-or-later
 * bench_spawn ROUNDS COMMAND... [-- COMMAND...]...: runs the commands in turns, ROUNDS times each,
 * from the fork to the end of the process. Prints milliseconds, the lists named 0, 1 and so on. */
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "bench.h"

extern char **environ;

enum { COMMANDS_MAX = 8 };

static double run_ms(char **argv)
{
    pid_t pid;
    int status;
    int64_t start = now_ns();
    if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) != 0 ||
        waitpid(pid, &status, 0) != pid)
        die(argv[0]);
    double ms = (double)(now_ns() - start) / 1000000;
    if (status != 0) {
        fprintf(stderr, "%s failed\n", argv[0]);
        exit(1);
    }
    return ms;
}

int main(int argc, char **argv)
{
    char **commands[COMMANDS_MAX];
    int count = 0, rounds = argc > 1 ? atoi(argv[1]) : 0;
    for (int i = 2; i < argc; i++) {
        if (count == COMMANDS_MAX)
            die("too many commands");
        commands[count++] = argv + i;
        while (i < argc && strcmp(argv[i], "--") != 0)
            i++;
        argv[i] = NULL; /* ends the command; argv[argc] is NULL already */
    }
    double *ms = calloc((size_t)(rounds * count + 1), sizeof *ms);
    if (ms == NULL || rounds < 1 || count < 1) {
        fprintf(stderr, "usage: bench_spawn ROUNDS COMMAND... [-- COMMAND...]...\n");
        return 1;
    }
    for (int i = 0; i < count; i++)
        run_ms(commands[i]); /* so that all have been read from the disk */
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < count; i++)
            ms[i * rounds + round] = run_ms(commands[i]);
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        fputs(i == 0 ? "{" : "", stdout);
        print_list(name, ms + i * rounds, rounds, i < count - 1 ? "," : "}\n");
    }
    free(ms);
    return 0;
}
