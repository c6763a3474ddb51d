// The copies of the second article, each as a whole program, so that its user and system time can be told apart.
//
//     articles METHOD IN OUT      METHOD: read_write, mmap, mmap_segments, splice
//
// Prints the nanoseconds that the copying took, without the opening and closing around it. OUT is made anew.
#include "measure.h"
#include <sys/mman.h>
#include <sys/stat.h>

#define SEGMENT (8 << 20)

static int64_t size;

static char *map(int fd, int protection, int64_t at, int64_t length) {
    char *bytes = mmap(NULL, length, protection, MAP_SHARED, fd, at);
    if (bytes == MAP_FAILED) die("mmap");
    return bytes;
}

// From one mapping into the other. The target has its size first: a page behind the end of a file is SIGBUS.
static void mapped(int in, int out, int64_t segment) {
    if (ftruncate(out, size) < 0) die("ftruncate");
    for (int64_t at = 0; at < size; at += segment) {
        int64_t length = size - at < segment ? size - at : segment;
        char *from = map(in, PROT_READ, at, length), *to = map(out, PROT_READ | PROT_WRITE, at, length);
        memcpy(to, from, length);
        munmap(from, length);
        munmap(to, length);
    }
}

int main(int argc, char **argv) {
    struct stat stat;
    int in, out;
    if (argc != 4) {
        fprintf(stderr, "usage: articles METHOD IN OUT\n");
        return 2;
    }
    in = open_or_die(argv[2], O_RDONLY);
    out = open_or_die(argv[3], O_RDWR | O_CREAT | O_TRUNC);
    if (fstat(in, &stat) < 0) die("fstat");
    size = stat.st_size;
    start();
    if (!strcmp(argv[1], "read_write")) {
        read_write(in, out);
    } else if (!strcmp(argv[1], "mmap")) {
        if (size > 0) mapped(in, out, size);
    } else if (!strcmp(argv[1], "mmap_segments")) {
        mapped(in, out, SEGMENT);
    } else if (!strcmp(argv[1], "splice")) {
        splice_through(in, out);
    } else {
        fprintf(stderr, "articles: no method %s\n", argv[1]);
        return 2;
    }
    stop();
    printf("%lld\n", (long long)run.wall_taken);
    return 0;
}
