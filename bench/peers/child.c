// Runs a command once and tells what it cost: for the usual tools, which know nothing of our protocol.
//
//     child CPU OUT COMMAND ARGUMENT...
//
// The command's stdout goes to the file OUT, made anew, or nowhere if OUT is "-". Prints one line:
//
//     WALL_NANOS USER_NANOS SYSTEM_NANOS MAX_RSS_KIB EXIT_STATUS
//
// Wall, user and system time are those of the whole process, its start included.
#include "measure.h"
#include <sys/resource.h>
#include <sys/wait.h>

static int64_t nanos_of(struct timeval t) {
    return t.tv_sec * 1000000000LL + t.tv_usec * 1000LL;
}

int main(int argc, char **argv) {
    struct rusage usage;
    int64_t began;
    int status;
    pid_t pid;
    if (argc < 4) {
        fprintf(stderr, "usage: child CPU OUT COMMAND ARGUMENT...\n");
        return 2;
    }
    pin(argv[1]);
    began = nanos(CLOCK_MONOTONIC);
    pid = fork();
    if (pid < 0) die("fork");
    if (pid == 0) {
        const char *path = strcmp(argv[2], "-") ? argv[2] : "/dev/null";
        dup2(open_or_die(path, O_WRONLY | O_CREAT | O_TRUNC), STDOUT_FILENO);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    if (wait4(pid, &status, 0, &usage) < 0) die("wait4");
    printf("%lld %lld %lld %ld %d\n", (long long)(nanos(CLOCK_MONOTONIC) - began),
           (long long)nanos_of(usage.ru_utime), (long long)nanos_of(usage.ru_stime), usage.ru_maxrss,
           WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
