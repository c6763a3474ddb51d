/* Runs a command for which some system calls fail with an errno, by a seccomp filter.
 *
 * Usage: deny ERRNO CALL[,CALL...] COMMAND [WORD...]
 * Build: gcc -o deny deny.c -lseccomp
 */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **words)
{
    if (count < 4) {
        fprintf(stderr, "usage: deny ERRNO CALL[,CALL...] COMMAND [WORD...]\n");
        return 2;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    for (char *name = strtok(words[2], ","); name; name = strtok(NULL, ",")) {
        int call = seccomp_syscall_resolve_name(name);
        if (call == __NR_SCMP_ERROR) {
            fprintf(stderr, "deny: there is no call '%s'\n", name);
            return 2;
        }
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(atoi(words[1])), call, 0);
    }
    if (seccomp_load(filter) != 0) {
        perror("deny: seccomp_load");
        return 2;
    }
    execvp(words[3], words + 3);
    perror("deny: exec");
    return 127;
}
