// Runs a command until the end of our stdin, and never longer: whatever becomes of us, the command does not stay behind.
//
//     keep COMMAND ARGUMENT...
//
// Prints the command's process id; its own output goes to our stderr. The command is a process group, which gets SIGTERM
// at the end of stdin, and SIGKILL two seconds later.
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    char nothing[64];
    pid_t child;
    if (argc < 2) {
        fprintf(stderr, "usage: keep COMMAND ARGUMENT...\n");
        return 2;
    }
    child = fork();
    if (child < 0) {
        perror("fork");
        return 1;
    }
    if (child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(STDERR_FILENO, STDOUT_FILENO);
        if (freopen("/dev/null", "r", stdin) == NULL) _exit(127);
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    setpgid(child, child);
    printf("%d\n", child);
    fflush(stdout);
    while (poll(&input, 1, -1) >= 0 && read(STDIN_FILENO, nothing, sizeof nothing) > 0) {}
    kill(-child, SIGTERM);
    for (int i = 0; i < 40 && waitpid(child, NULL, WNOHANG) == 0; i++) usleep(50000);
    kill(-child, SIGKILL);
    return 0;
}
