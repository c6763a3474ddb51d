// Between a file and a TCP socket, or between two sockets. We connect; who listens is the same for all contenders.
//
//     socket CPU send sendfile|splice|read_write FILE PORT       the file to the socket, until the peer has it all
//     socket CPU receive splice|read_write PORT FILE             the socket to a file that must not exist
//     socket CPU relay splice|read_write PORT PORT               one socket to another
//
// After the last byte we half-close and wait for one byte of the peer: so the clock stops when all has arrived.
#include "measure.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

static const char *in_name, *out_name;
static int in_is_file, out_is_file;
static int64_t (*move)(int in, int out);

static int connect_to(const char *port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect to port %s", port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static int64_t by_sendfile(int in, int out) {
    int64_t moved = 0;
    ssize_t n;
    while ((n = sendfile(out, in, NULL, CHUNK)) > 0) moved += n;
    if (n < 0) die("sendfile");
    return moved;
}

static void await_peer(int fd) {
    char ack;
    if (shutdown(fd, SHUT_WR) < 0) die("shutdown");
    if (read(fd, &ack, 1) != 1) die("the peer did not acknowledge");
}

static int64_t body(void) {
    int in = in_is_file ? open_or_die(in_name, O_RDONLY) : connect_to(in_name);
    int out = out_is_file ? open_or_die(out_name, O_WRONLY | O_CREAT | O_EXCL) : connect_to(out_name);
    int64_t moved;
    start();
    moved = move(in, out);
    if (!out_is_file) await_peer(out);
    stop();
    close(in);
    close(out);
    return moved;
}

int main(int argc, char **argv) {
    if (argc != 6) {
        fprintf(stderr, "usage: socket CPU send|receive|relay METHOD IN OUT\n");
        return 2;
    }
    in_is_file = !strcmp(argv[2], "send");
    out_is_file = !strcmp(argv[2], "receive");
    move = !strcmp(argv[3], "sendfile") ? by_sendfile : !strcmp(argv[3], "splice") ? splice_through : read_write;
    in_name = argv[4];
    out_name = argv[5];
    return on_every_line(argv[1], body);
}
