/* Says which of splice, sendfile and copy_file_range moves bytes between which kinds of descriptors, one pair a line:
 * CALL, INPUT, OUTPUT, works|ERRNO|unknown, with tabs between.
 *
 * Usage: pairs DIRECTORY
 * Build: gcc -o pairs pairs.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *KINDS[] = {"pipe", "file", "null",        "zero",          "full",           "urandom", "tty",
                              "unix stream", "unix datagram", "unix seqpacket", "tcp", "udp", "raw", "memfd"};
#define COUNT (int) (sizeof KINDS / sizeof *KINDS)

static const char *directory;
static char bytes[4096];
static int opened[32], count;

static int keep(int fd)
{
    if (fd >= 0)
        opened[count++] = fd;
    return fd;
}

static int choose(int reader, int writer, int in)
{
    keep(reader);
    keep(writer);
    if (in) {
        struct pollfd ready = {reader, POLLIN, 0};
        if (write(writer, bytes, 100) != 100 || poll(&ready, 1, 1000) != 1)
            return -1;
    }
    return in ? reader : writer;
}

static int internet(int type, int protocol, int in)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int a = socket(AF_INET, type, protocol), b = socket(AF_INET, type, protocol);
    if (a < 0 || b < 0 || bind(a, (struct sockaddr *) &address, size) != 0)
        return -1;
    getsockname(a, (struct sockaddr *) &address, &size);
    if (type == SOCK_STREAM)
        listen(a, 1);
    if (connect(b, (struct sockaddr *) &address, size) != 0)
        return -1;
    if (type == SOCK_STREAM) {
        int accepted = accept(a, NULL, NULL);
        close(a);
        a = accepted;
    }
    return choose(a, b, in);
}

static int filled(int fd, int in)
{
    return in && pwrite(fd, bytes, 100, 0) != 100 ? -1 : fd;
}

static int make(const char *kind, int in)
{
    int pair[2];
    char path[64];
    if (!strcmp(kind, "pipe"))
        return pipe(pair) ? -1 : choose(pair[0], pair[1], in);
    if (!strcmp(kind, "file"))
        return filled(keep(open(directory, O_TMPFILE | O_RDWR, 0600)), in);
    if (!strcmp(kind, "memfd"))
        return filled(keep(memfd_create("pairs", 0)), in);
    if (!strcmp(kind, "tty")) {
        int master, slave;
        if (openpty(&master, &slave, NULL, NULL, NULL) != 0)
            return -1;
        bytes[99] = '\n';
        int chosen = choose(slave, master, in);
        bytes[99] = 'x';
        return in ? chosen : slave;
    }
    if (!strncmp(kind, "unix ", 5)) {
        int type = kind[5] == 'd' ? SOCK_DGRAM : kind[6] == 't' ? SOCK_STREAM : SOCK_SEQPACKET;
        return socketpair(AF_UNIX, type, 0, pair) ? -1 : choose(pair[0], pair[1], in);
    }
    if (!strcmp(kind, "tcp"))
        return internet(SOCK_STREAM, 0, in);
    if (!strcmp(kind, "udp"))
        return internet(SOCK_DGRAM, 0, in);
    if (!strcmp(kind, "raw"))
        return internet(SOCK_RAW, 253, in);
    snprintf(path, sizeof path, "/dev/%s", kind);
    return keep(open(path, in ? O_RDONLY : O_WRONLY));
}

static void try(const char *call, const char *in, const char *out)
{
    int from = make(in, 1), to = make(out, 0);
    const char *answer = "unknown";
    if (from >= 0 && to >= 0) {
        long moved = !strcmp(call, "splice") ? splice(from, NULL, to, NULL, 10, SPLICE_F_NONBLOCK)
                   : !strcmp(call, "sendfile") ? sendfile(to, from, NULL, 10)
                                               : copy_file_range(from, NULL, to, NULL, 10, 0);
        answer = moved > 0 ? "works" : moved < 0 ? strerrorname_np(errno) : "unknown";
    }
    printf("%s\t%s\t%s\t%s\n", call, in, out, answer);
    while (count > 0)
        close(opened[--count]);
}

int main(int words, char **word)
{
    static const char *calls[] = {"splice", "sendfile", "copy_file_range"};
    if (words != 2)
        return 2;
    directory = word[1];
    memset(bytes, 'x', sizeof bytes);
    for (int call = 0; call < 3; call++)
        for (int in = 0; in < COUNT; in++)
            for (int out = 0; out < COUNT; out++)
                try(calls[call], KINDS[in], KINDS[out]);
    return 0;
}
