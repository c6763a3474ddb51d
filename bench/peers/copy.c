// File to file, by each of the system calls that can do it.
//
//     copy CPU METHOD IN OUT      METHOD: read_write, copy_file_range, sendfile, splice, mmap, mmap_segments, ficlone
//
// CPU is the processor to stay on, -1 for any. OUT must not exist when a run begins. See measure.h for stdin and stdout.
#include "measure.h"
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static const char *in_path, *out_path;
static int64_t (*copy)(int in, int out);

static int64_t by_copy_file_range(int in, int out) {
    int64_t moved = 0;
    ssize_t n;
    while ((n = copy_file_range(in, NULL, out, NULL, CHUNK, 0)) > 0) moved += n;
    if (n < 0) die("copy_file_range");
    return moved;
}

static int64_t by_sendfile(int in, int out) {
    int64_t moved = 0;
    ssize_t n;
    while ((n = sendfile(out, in, NULL, CHUNK)) > 0) moved += n;
    if (n < 0) die("sendfile");
    return moved;
}

static int64_t size_of(int fd) {
    struct stat stat;
    if (fstat(fd, &stat) < 0) die("fstat");
    return stat.st_size;
}

// write(2) from a mapping of the whole input
static int64_t by_mmap(int in, int out) {
    int64_t size = size_of(in);
    char *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, in, 0);
    if (bytes == MAP_FAILED) die("mmap");
    for (int64_t at = 0; at < size; at += CHUNK) {
        write_all(out, bytes + at, size - at < CHUNK ? size - at : CHUNK);
    }
    munmap(bytes, size);
    return size;
}

// The same, a window of CHUNK bytes at a time.
static int64_t by_mmap_segments(int in, int out) {
    int64_t size = size_of(in);
    for (int64_t at = 0; at < size; at += CHUNK) {
        int64_t length = size - at < CHUNK ? size - at : CHUNK;
        char *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, in, at);
        if (bytes == MAP_FAILED) die("mmap");
        write_all(out, bytes, length);
        munmap(bytes, length);
    }
    return size;
}

static int64_t by_ficlone(int in, int out) {
    if (ioctl(out, FICLONE, in) < 0) die("FICLONE");
    return -1; // its size is asked for after the clock has stopped
}

static int64_t body(void) {
    int in = open_or_die(in_path, O_RDONLY);
    int out = open_or_die(out_path, O_WRONLY | O_CREAT | O_EXCL);
    int64_t moved;
    start();
    moved = copy(in, out);
    stop();
    if (moved < 0) moved = size_of(out);
    close(in);
    close(out);
    return moved;
}

static const struct {
    const char *name;
    int64_t (*copy)(int in, int out);
} methods[] = {{"read_write", read_write}, {"copy_file_range", by_copy_file_range}, {"sendfile", by_sendfile},
               {"splice", splice_through}, {"mmap", by_mmap},                       {"mmap_segments", by_mmap_segments},
               {"ficlone", by_ficlone}};

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: copy CPU METHOD IN OUT\n");
        return 2;
    }
    in_path = argv[3];
    out_path = argv[4];
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (!strcmp(methods[i].name, argv[2])) copy = methods[i].copy;
    }
    if (!copy) {
        fprintf(stderr, "copy: no method %s\n", argv[2]);
        return 2;
    }
    return on_every_line(argv[1], body);
}
