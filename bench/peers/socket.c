// Between a file and a TCP socket, or between two sockets. We connect; who listens is the same for all contenders.
//
//     socket CPU send sendfile|splice|read_write FILE PORT       the file to the socket, until the peer has it all
//     socket CPU receive splice|read_write PORT FILE             the socket to a file that must not exist
//     socket CPU relay splice|read_write PORT PORT               one socket to another
//
#include "measure.h"

static const char *in_name, *out_name;
static int in_is_file, out_is_file;
static int64_t (*move)(int in, int out);

static int64_t by_sendfile(int in, int out) {
    int64_t moved = 0;
    ssize_t n;
    while ((n = sendfile(out, in, NULL, CHUNK)) > 0) moved += n;
    if (n < 0) die("sendfile");
    return moved;
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
