/* A FUSE file system of faults. Every name means one behaviour; an N after '@' is a number of bytes:
 *
 *   ok          8 MiB to read
 *   grow@N      stat(2) says N bytes, read(2) gives 8 MiB
 *   short@N     stat(2) says 8 MiB, read(2) ends at N
 *   bad@N       read(2) fails with EIO from byte N on
 *   full@N      takes N bytes, then ENOSPC
 *   broken@N    takes N bytes, then EIO
 *   nosync      takes all, fsync(2) fails with EIO
 *   noclose     takes all, close(2) fails with EDQUOT
 *
 * The names exist from the start and no others can be made, so no temporary file either.
 * Usage: faultfs -f MOUNTPOINT
 */
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fuse3/fuse.h>
#include <stdlib.h>
#include <string.h>

enum { FULL_SIZE = 8 << 20 };

static int begins(const char *path, const char *name)
{
    return strncmp(path + 1, name, strlen(name)) == 0;
}

static long number(const char *path)
{
    const char *at = strchr(path, '@');
    return at ? atol(at + 1) : 0;
}

static int is_source(const char *path)
{
    return begins(path, "ok") || begins(path, "grow@") || begins(path, "short@") || begins(path, "bad@");
}

static int is_sink(const char *path)
{
    return begins(path, "full@") || begins(path, "broken@") || begins(path, "nosync") || begins(path, "noclose");
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *file)
{
    (void)file;
    memset(st, 0, sizeof *st);
    if (strcmp(path, "/") == 0) {
        st->st_mode = S_IFDIR | 0755;
        st->st_nlink = 2;
        return 0;
    }
    if (!is_source(path) && !is_sink(path))
        return -ENOENT;
    st->st_mode = S_IFREG | 0666;
    st->st_nlink = 1;
    st->st_size = is_sink(path) ? 0 : begins(path, "grow@") ? number(path) : FULL_SIZE;
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *file)
{
    /* Without it the kernel itself stops at the size that stat(2) says. */
    file->direct_io = begins(path, "grow@") || begins(path, "short@");
    return 0;
}

static int read_file(const char *path, char *bytes, size_t length, off_t at, struct fuse_file_info *file)
{
    (void)file;
    long end = begins(path, "short@") ? number(path) : FULL_SIZE;
    if (begins(path, "bad@") && at + (off_t)length > number(path))
        return -EIO;
    if (at >= end)
        return 0;
    if (at + (off_t)length > end)
        length = (size_t)(end - at);
    for (size_t i = 0; i < length; i++)
        bytes[i] = (char)((at + (off_t)i) % 251);
    return (int)length;
}

static int write_file(const char *path, const char *bytes, size_t length, off_t at, struct fuse_file_info *file)
{
    (void)bytes;
    (void)file;
    if (begins(path, "full@") || begins(path, "broken@")) {
        long room = number(path) - at;
        if (room <= 0)
            return begins(path, "full@") ? -ENOSPC : -EIO;
        if ((long)length > room)
            length = (size_t)room;
    }
    return (int)length;
}

static int truncate_file(const char *path, off_t size, struct fuse_file_info *file)
{
    (void)path;
    (void)size;
    (void)file;
    return 0;
}

static int sync_file(const char *path, int data_only, struct fuse_file_info *file)
{
    (void)data_only;
    (void)file;
    return begins(path, "nosync") ? -EIO : 0;
}

static int flush_file(const char *path, struct fuse_file_info *file)
{
    (void)file;
    return begins(path, "noclose") ? -EDQUOT : 0;
}

static const struct fuse_operations OPERATIONS = {
    .getattr = get_attributes,
    .open = open_file,
    .read = read_file,
    .write = write_file,
    .truncate = truncate_file,
    .fsync = sync_file,
    .flush = flush_file,
};

int main(int count, char **words)
{
    return fuse_main(count, words, &OPERATIONS, NULL);
}
