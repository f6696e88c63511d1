/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <dirent.h>
#include <string.h>

#include "../bench.h"

static int64_t own(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0; /* it has ended */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    const char *behind = strrchr(text, ')'); /* of the name, which may hold anything */
    int parent = 0;
    return behind != NULL && sscanf(behind, ") %*c %d", &parent) == 1 ? parent : 0;
}

int64_t cpu_of(pid_t pid)
{
    int64_t sum = own(pid);
    DIR *all = opendir("/proc");
    if (all == NULL)
        die("/proc");
    for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
        pid_t child = (pid_t)atoi(entry->d_name);
        if (child > 0 && parent_of(child) == pid)
            sum += own(child);
    }
    closedir(all);
    return sum;
}
