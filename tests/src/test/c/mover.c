/* Moves bytes between two connected TCP sockets of its own, a few thousand times a second, until its stdin ends or 30
 * seconds are over. Prints a line once it moves.
 *
 * Usage: mover splice|copy|sendfile
 * Build: gcc -o mover mover.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void connected(int pair[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *) &address, size);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *) &address, &size);
    pair[0] = socket(AF_INET, SOCK_STREAM, 0);
    connect(pair[0], (struct sockaddr *) &address, size);
    pair[1] = accept(listener, NULL, NULL);
    close(listener);
}

int main(int words, char **word)
{
    static char bytes[16384];
    int in[2], out[2], ends[2], file = memfd_create("mover", 0);
    time_t last = time(NULL) + 30;
    if (words != 2 || pipe(ends) != 0 || ftruncate(file, sizeof bytes) != 0)
        return 2;
    connected(in);
    connected(out);
    for (int round = 0; time(NULL) < last; round++) {
        struct pollfd stdin_ended = {0, POLLIN, 0};
        long moved = sizeof bytes;
        if (!strcmp(word[1], "sendfile")) {
            off_t start = 0;
            moved = sendfile(out[0], file, &start, sizeof bytes);
        } else {
            send(in[0], bytes, 100, 0);
            if (!strcmp(word[1], "splice")) {
                moved = splice(in[1], NULL, ends[1], NULL, sizeof bytes, 0);
                moved = splice(ends[0], NULL, out[0], NULL, moved, 0);
            } else {
                moved = read(in[1], bytes, sizeof bytes);
                moved = write(out[0], bytes, moved);
            }
        }
        while (moved > 0)
            moved -= recv(out[1], bytes, sizeof bytes, MSG_TRUNC); // dropped, not copied
        if (round == 0 && write(1, "moving\n", 7) != 7)
            return 1;
        if (poll(&stdin_ended, 1, 1) > 0)
            return 0;
    }
    return 0;
}
