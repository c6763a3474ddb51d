/* A FUSE file system that shows the folder MIRRORED: every call goes there as it came.
 *
 * Usage: MIRRORED=FOLDER mirrorfs -f MOUNTPOINT
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 31
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int root;

static const char *relative(const char *path)
{
    return path[1] ? path + 1 : ".";
}

static long result(long value)
{
    return value < 0 ? -errno : value;
}

static int get_attributes(const char *path, struct stat *st, struct fuse_file_info *file)
{
    return file ? result(fstat(file->fh, st)) : result(fstatat(root, relative(path), st, AT_SYMLINK_NOFOLLOW));
}

static int opened(struct fuse_file_info *file, int fd)
{
    if (fd < 0)
        return -errno;
    file->fh = fd;
    return 0;
}

/* The kernel sends an append with its offset, and pwrite(2) on an O_APPEND descriptor would ignore that. */
static int open_file(const char *path, struct fuse_file_info *file)
{
    int access = (file->flags & O_ACCMODE) == O_WRONLY ? O_RDWR : file->flags & O_ACCMODE;
    return opened(file, openat(root, relative(path), access | (file->flags & O_TRUNC) | O_CLOEXEC));
}

static int create_file(const char *path, mode_t mode, struct fuse_file_info *file)
{
    return opened(file, openat(root, relative(path), O_RDWR | O_CREAT | (file->flags & (O_EXCL | O_TRUNC)) | O_CLOEXEC, mode));
}

static int release_file(const char *path, struct fuse_file_info *file)
{
    (void)path;
    close(file->fh);
    return 0;
}

static int read_file(const char *path, char *to, size_t size, off_t at, struct fuse_file_info *file)
{
    (void)path;
    return result(pread(file->fh, to, size, at));
}

static int write_file(const char *path, const char *from, size_t size, off_t at, struct fuse_file_info *file)
{
    (void)path;
    return result(pwrite(file->fh, from, size, at));
}

static int truncate_file(const char *path, off_t size, struct fuse_file_info *file)
{
    if (file)
        return result(ftruncate(file->fh, size));
    int fd = openat(root, relative(path), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int code = result(ftruncate(fd, size));
    close(fd);
    return code;
}

static int sync_file(const char *path, int data_only, struct fuse_file_info *file)
{
    (void)path;
    return result(data_only ? fdatasync(file->fh) : fsync(file->fh));
}

static int allocate(const char *path, int mode, off_t at, off_t len, struct fuse_file_info *file)
{
    (void)path;
    return result(fallocate(file->fh, mode, at, len));
}

static off_t seek(const char *path, off_t at, int whence, struct fuse_file_info *file)
{
    (void)path;
    return result(lseek(file->fh, at, whence));
}

static ssize_t copy_range(const char *in, struct fuse_file_info *from, off_t at_in, const char *out,
                          struct fuse_file_info *to, off_t at_out, size_t len, int flags)
{
    (void)in;
    (void)out;
    return result(copy_file_range(from->fh, &at_in, to->fh, &at_out, len, flags));
}

static int unlink_file(const char *path)
{
    return result(unlinkat(root, relative(path), 0));
}

static int link_file(const char *from, const char *to)
{
    return result(linkat(root, relative(from), root, relative(to), 0));
}

static int rename_file(const char *from, const char *to, unsigned flags)
{
    return result(renameat2(root, relative(from), root, relative(to), flags));
}

static int change_mode(const char *path, mode_t mode, struct fuse_file_info *file)
{
    return file ? result(fchmod(file->fh, mode)) : result(fchmodat(root, relative(path), mode, 0));
}

static int set_times(const char *path, const struct timespec times[2], struct fuse_file_info *file)
{
    return file ? result(futimens(file->fh, times)) : result(utimensat(root, relative(path), times, AT_SYMLINK_NOFOLLOW));
}

static const struct fuse_operations operations = {
    .getattr = get_attributes,
    .open = open_file,
    .create = create_file,
    .release = release_file,
    .read = read_file,
    .write = write_file,
    .truncate = truncate_file,
    .fsync = sync_file,
    .fallocate = allocate,
    .lseek = seek,
    .copy_file_range = copy_range,
    .unlink = unlink_file,
    .link = link_file,
    .rename = rename_file,
    .chmod = change_mode,
    .utimens = set_times,
};

int main(int argc, char **argv)
{
    const char *folder = getenv("MIRRORED");
    root = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (root < 0) {
        fprintf(stderr, "mirrorfs: MIRRORED is no folder\n");
        return 1;
    }
    return fuse_main(argc, argv, &operations, NULL);
}
