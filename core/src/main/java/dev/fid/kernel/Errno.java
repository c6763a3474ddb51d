package dev.fid.kernel;

/// Error numbers of Linux, in the C spelling. Values, not an enum: a kernel may return one that is not listed
/// here. A test compares the table with the headers of the machine. Source: errno(3), asm-generic/errno.h.
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int E2BIG = 7;
    public static final int ENOEXEC = 8;
    public static final int EBADF = 9;
    public static final int ECHILD = 10;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int ENOTBLK = 15;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int EXDEV = 18;
    public static final int ENODEV = 19;
    public static final int ENOTDIR = 20;
    public static final int EISDIR = 21;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int ENOTTY = 25;
    public static final int ETXTBSY = 26;
    public static final int EFBIG = 27;
    public static final int ENOSPC = 28;
    public static final int ESPIPE = 29;
    public static final int EROFS = 30;
    public static final int EMLINK = 31;
    public static final int EPIPE = 32;
    public static final int EDOM = 33;
    public static final int ERANGE = 34;
    public static final int EDEADLK = 35;
    public static final int ENAMETOOLONG = 36;
    public static final int ENOLCK = 37;
    public static final int ENOSYS = 38;
    public static final int ENOTEMPTY = 39;
    public static final int ELOOP = 40;
    public static final int ENOMSG = 42;
    public static final int EIDRM = 43;
    public static final int ECHRNG = 44;
    public static final int EL2NSYNC = 45;
    public static final int EL3HLT = 46;
    public static final int EL3RST = 47;
    public static final int ELNRNG = 48;
    public static final int EUNATCH = 49;
    public static final int ENOCSI = 50;
    public static final int EL2HLT = 51;
    public static final int EBADE = 52;
    public static final int EBADR = 53;
    public static final int EXFULL = 54;
    public static final int ENOANO = 55;
    public static final int EBADRQC = 56;
    public static final int EBADSLT = 57;
    public static final int EBFONT = 59;
    public static final int ENOSTR = 60;
    public static final int ENODATA = 61;
    public static final int ETIME = 62;
    public static final int ENOSR = 63;
    public static final int ENONET = 64;
    public static final int ENOPKG = 65;
    public static final int EREMOTE = 66;
    public static final int ENOLINK = 67;
    public static final int EADV = 68;
    public static final int ESRMNT = 69;
    public static final int ECOMM = 70;
    public static final int EPROTO = 71;
    public static final int EMULTIHOP = 72;
    public static final int EDOTDOT = 73;
    public static final int EBADMSG = 74;
    public static final int EOVERFLOW = 75;
    public static final int ENOTUNIQ = 76;
    public static final int EBADFD = 77;
    public static final int EREMCHG = 78;
    public static final int ELIBACC = 79;
    public static final int ELIBBAD = 80;
    public static final int ELIBSCN = 81;
    public static final int ELIBMAX = 82;
    public static final int ELIBEXEC = 83;
    public static final int EILSEQ = 84;
    public static final int ERESTART = 85;
    public static final int ESTRPIPE = 86;
    public static final int EUSERS = 87;
    public static final int ENOTSOCK = 88;
    public static final int EDESTADDRREQ = 89;
    public static final int EMSGSIZE = 90;
    public static final int EPROTOTYPE = 91;
    public static final int ENOPROTOOPT = 92;
    public static final int EPROTONOSUPPORT = 93;
    public static final int ESOCKTNOSUPPORT = 94;
    public static final int EOPNOTSUPP = 95;
    public static final int EPFNOSUPPORT = 96;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETDOWN = 100;
    public static final int ENETUNREACH = 101;
    public static final int ENETRESET = 102;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int EISCONN = 106;
    public static final int ENOTCONN = 107;
    public static final int ESHUTDOWN = 108;
    public static final int ETOOMANYREFS = 109;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTDOWN = 112;
    public static final int EHOSTUNREACH = 113;
    public static final int EALREADY = 114;
    public static final int EINPROGRESS = 115;
    public static final int ESTALE = 116;
    public static final int EUCLEAN = 117;
    public static final int ENOTNAM = 118;
    public static final int ENAVAIL = 119;
    public static final int EISNAM = 120;
    public static final int EREMOTEIO = 121;
    public static final int EDQUOT = 122;
    public static final int ENOMEDIUM = 123;
    public static final int EMEDIUMTYPE = 124;
    public static final int ECANCELED = 125;
    public static final int ENOKEY = 126;
    public static final int EKEYEXPIRED = 127;
    public static final int EKEYREVOKED = 128;
    public static final int EKEYREJECTED = 129;
    public static final int EOWNERDEAD = 130;
    public static final int ENOTRECOVERABLE = 131;
    public static final int ERFKILL = 132;
    public static final int EHWPOISON = 133;

    /// Name and text of each number; the index is the number.
    private static final String[][] TABLE = table();

    private Errno() {}

    /// The symbol, e.g. `EPIPE`; `errno N` where it is unknown. Takes the positive number.
    public static String name(int errno) {
        return known(errno) ? TABLE[errno][0] : "errno " + errno;
    }

    /// The text of strerror(3) in the C locale, e.g. `Broken pipe`.
    public static String text(int errno) {
        return known(errno) ? TABLE[errno][1] : "Unknown error " + errno;
    }

    /// The number of a symbol such as `EPIPE`, or -1.
    public static int number(String name) {
        for (int errno = 1; errno < TABLE.length; errno++) {
            if (known(errno) && TABLE[errno][0].equals(name)) {
                return errno;
            }
        }
        return -1;
    }

    private static boolean known(int errno) {
        return errno > 0 && errno < TABLE.length && TABLE[errno][0] != null;
    }

    private static String[][] table() {
        String[][] table = new String[134][2];
        table[EPERM] = new String[] {"EPERM", "Operation not permitted"};
        table[ENOENT] = new String[] {"ENOENT", "No such file or directory"};
        table[ESRCH] = new String[] {"ESRCH", "No such process"};
        table[EINTR] = new String[] {"EINTR", "Interrupted system call"};
        table[EIO] = new String[] {"EIO", "Input/output error"};
        table[ENXIO] = new String[] {"ENXIO", "No such device or address"};
        table[E2BIG] = new String[] {"E2BIG", "Argument list too long"};
        table[ENOEXEC] = new String[] {"ENOEXEC", "Exec format error"};
        table[EBADF] = new String[] {"EBADF", "Bad file descriptor"};
        table[ECHILD] = new String[] {"ECHILD", "No child processes"};
        table[EAGAIN] = new String[] {"EAGAIN", "Resource temporarily unavailable"};
        table[ENOMEM] = new String[] {"ENOMEM", "Cannot allocate memory"};
        table[EACCES] = new String[] {"EACCES", "Permission denied"};
        table[EFAULT] = new String[] {"EFAULT", "Bad address"};
        table[ENOTBLK] = new String[] {"ENOTBLK", "Block device required"};
        table[EBUSY] = new String[] {"EBUSY", "Device or resource busy"};
        table[EEXIST] = new String[] {"EEXIST", "File exists"};
        table[EXDEV] = new String[] {"EXDEV", "Invalid cross-device link"};
        table[ENODEV] = new String[] {"ENODEV", "No such device"};
        table[ENOTDIR] = new String[] {"ENOTDIR", "Not a directory"};
        table[EISDIR] = new String[] {"EISDIR", "Is a directory"};
        table[EINVAL] = new String[] {"EINVAL", "Invalid argument"};
        table[ENFILE] = new String[] {"ENFILE", "Too many open files in system"};
        table[EMFILE] = new String[] {"EMFILE", "Too many open files"};
        table[ENOTTY] = new String[] {"ENOTTY", "Inappropriate ioctl for device"};
        table[ETXTBSY] = new String[] {"ETXTBSY", "Text file busy"};
        table[EFBIG] = new String[] {"EFBIG", "File too large"};
        table[ENOSPC] = new String[] {"ENOSPC", "No space left on device"};
        table[ESPIPE] = new String[] {"ESPIPE", "Illegal seek"};
        table[EROFS] = new String[] {"EROFS", "Read-only file system"};
        table[EMLINK] = new String[] {"EMLINK", "Too many links"};
        table[EPIPE] = new String[] {"EPIPE", "Broken pipe"};
        table[EDOM] = new String[] {"EDOM", "Numerical argument out of domain"};
        table[ERANGE] = new String[] {"ERANGE", "Numerical result out of range"};
        table[EDEADLK] = new String[] {"EDEADLK", "Resource deadlock avoided"};
        table[ENAMETOOLONG] = new String[] {"ENAMETOOLONG", "File name too long"};
        table[ENOLCK] = new String[] {"ENOLCK", "No locks available"};
        table[ENOSYS] = new String[] {"ENOSYS", "Function not implemented"};
        table[ENOTEMPTY] = new String[] {"ENOTEMPTY", "Directory not empty"};
        table[ELOOP] = new String[] {"ELOOP", "Too many levels of symbolic links"};
        table[ENOMSG] = new String[] {"ENOMSG", "No message of desired type"};
        table[EIDRM] = new String[] {"EIDRM", "Identifier removed"};
        table[ECHRNG] = new String[] {"ECHRNG", "Channel number out of range"};
        table[EL2NSYNC] = new String[] {"EL2NSYNC", "Level 2 not synchronized"};
        table[EL3HLT] = new String[] {"EL3HLT", "Level 3 halted"};
        table[EL3RST] = new String[] {"EL3RST", "Level 3 reset"};
        table[ELNRNG] = new String[] {"ELNRNG", "Link number out of range"};
        table[EUNATCH] = new String[] {"EUNATCH", "Protocol driver not attached"};
        table[ENOCSI] = new String[] {"ENOCSI", "No CSI structure available"};
        table[EL2HLT] = new String[] {"EL2HLT", "Level 2 halted"};
        table[EBADE] = new String[] {"EBADE", "Invalid exchange"};
        table[EBADR] = new String[] {"EBADR", "Invalid request descriptor"};
        table[EXFULL] = new String[] {"EXFULL", "Exchange full"};
        table[ENOANO] = new String[] {"ENOANO", "No anode"};
        table[EBADRQC] = new String[] {"EBADRQC", "Invalid request code"};
        table[EBADSLT] = new String[] {"EBADSLT", "Invalid slot"};
        table[EBFONT] = new String[] {"EBFONT", "Bad font file format"};
        table[ENOSTR] = new String[] {"ENOSTR", "Device not a stream"};
        table[ENODATA] = new String[] {"ENODATA", "No data available"};
        table[ETIME] = new String[] {"ETIME", "Timer expired"};
        table[ENOSR] = new String[] {"ENOSR", "Out of streams resources"};
        table[ENONET] = new String[] {"ENONET", "Machine is not on the network"};
        table[ENOPKG] = new String[] {"ENOPKG", "Package not installed"};
        table[EREMOTE] = new String[] {"EREMOTE", "Object is remote"};
        table[ENOLINK] = new String[] {"ENOLINK", "Link has been severed"};
        table[EADV] = new String[] {"EADV", "Advertise error"};
        table[ESRMNT] = new String[] {"ESRMNT", "Srmount error"};
        table[ECOMM] = new String[] {"ECOMM", "Communication error on send"};
        table[EPROTO] = new String[] {"EPROTO", "Protocol error"};
        table[EMULTIHOP] = new String[] {"EMULTIHOP", "Multihop attempted"};
        table[EDOTDOT] = new String[] {"EDOTDOT", "RFS specific error"};
        table[EBADMSG] = new String[] {"EBADMSG", "Bad message"};
        table[EOVERFLOW] = new String[] {"EOVERFLOW", "Value too large for defined data type"};
        table[ENOTUNIQ] = new String[] {"ENOTUNIQ", "Name not unique on network"};
        table[EBADFD] = new String[] {"EBADFD", "File descriptor in bad state"};
        table[EREMCHG] = new String[] {"EREMCHG", "Remote address changed"};
        table[ELIBACC] = new String[] {"ELIBACC", "Can not access a needed shared library"};
        table[ELIBBAD] = new String[] {"ELIBBAD", "Accessing a corrupted shared library"};
        table[ELIBSCN] = new String[] {"ELIBSCN", ".lib section in a.out corrupted"};
        table[ELIBMAX] = new String[] {"ELIBMAX", "Attempting to link in too many shared libraries"};
        table[ELIBEXEC] = new String[] {"ELIBEXEC", "Cannot exec a shared library directly"};
        table[EILSEQ] = new String[] {"EILSEQ", "Invalid or incomplete multibyte or wide character"};
        table[ERESTART] = new String[] {"ERESTART", "Interrupted system call should be restarted"};
        table[ESTRPIPE] = new String[] {"ESTRPIPE", "Streams pipe error"};
        table[EUSERS] = new String[] {"EUSERS", "Too many users"};
        table[ENOTSOCK] = new String[] {"ENOTSOCK", "Socket operation on non-socket"};
        table[EDESTADDRREQ] = new String[] {"EDESTADDRREQ", "Destination address required"};
        table[EMSGSIZE] = new String[] {"EMSGSIZE", "Message too long"};
        table[EPROTOTYPE] = new String[] {"EPROTOTYPE", "Protocol wrong type for socket"};
        table[ENOPROTOOPT] = new String[] {"ENOPROTOOPT", "Protocol not available"};
        table[EPROTONOSUPPORT] = new String[] {"EPROTONOSUPPORT", "Protocol not supported"};
        table[ESOCKTNOSUPPORT] = new String[] {"ESOCKTNOSUPPORT", "Socket type not supported"};
        table[EOPNOTSUPP] = new String[] {"EOPNOTSUPP", "Operation not supported"};
        table[EPFNOSUPPORT] = new String[] {"EPFNOSUPPORT", "Protocol family not supported"};
        table[EAFNOSUPPORT] = new String[] {"EAFNOSUPPORT", "Address family not supported by protocol"};
        table[EADDRINUSE] = new String[] {"EADDRINUSE", "Address already in use"};
        table[EADDRNOTAVAIL] = new String[] {"EADDRNOTAVAIL", "Cannot assign requested address"};
        table[ENETDOWN] = new String[] {"ENETDOWN", "Network is down"};
        table[ENETUNREACH] = new String[] {"ENETUNREACH", "Network is unreachable"};
        table[ENETRESET] = new String[] {"ENETRESET", "Network dropped connection on reset"};
        table[ECONNABORTED] = new String[] {"ECONNABORTED", "Software caused connection abort"};
        table[ECONNRESET] = new String[] {"ECONNRESET", "Connection reset by peer"};
        table[ENOBUFS] = new String[] {"ENOBUFS", "No buffer space available"};
        table[EISCONN] = new String[] {"EISCONN", "Transport endpoint is already connected"};
        table[ENOTCONN] = new String[] {"ENOTCONN", "Transport endpoint is not connected"};
        table[ESHUTDOWN] = new String[] {"ESHUTDOWN", "Cannot send after transport endpoint shutdown"};
        table[ETOOMANYREFS] = new String[] {"ETOOMANYREFS", "Too many references: cannot splice"};
        table[ETIMEDOUT] = new String[] {"ETIMEDOUT", "Connection timed out"};
        table[ECONNREFUSED] = new String[] {"ECONNREFUSED", "Connection refused"};
        table[EHOSTDOWN] = new String[] {"EHOSTDOWN", "Host is down"};
        table[EHOSTUNREACH] = new String[] {"EHOSTUNREACH", "No route to host"};
        table[EALREADY] = new String[] {"EALREADY", "Operation already in progress"};
        table[EINPROGRESS] = new String[] {"EINPROGRESS", "Operation now in progress"};
        table[ESTALE] = new String[] {"ESTALE", "Stale file handle"};
        table[EUCLEAN] = new String[] {"EUCLEAN", "Structure needs cleaning"};
        table[ENOTNAM] = new String[] {"ENOTNAM", "Not a XENIX named type file"};
        table[ENAVAIL] = new String[] {"ENAVAIL", "No XENIX semaphores available"};
        table[EISNAM] = new String[] {"EISNAM", "Is a named type file"};
        table[EREMOTEIO] = new String[] {"EREMOTEIO", "Remote I/O error"};
        table[EDQUOT] = new String[] {"EDQUOT", "Disk quota exceeded"};
        table[ENOMEDIUM] = new String[] {"ENOMEDIUM", "No medium found"};
        table[EMEDIUMTYPE] = new String[] {"EMEDIUMTYPE", "Wrong medium type"};
        table[ECANCELED] = new String[] {"ECANCELED", "Operation canceled"};
        table[ENOKEY] = new String[] {"ENOKEY", "Required key not available"};
        table[EKEYEXPIRED] = new String[] {"EKEYEXPIRED", "Key has expired"};
        table[EKEYREVOKED] = new String[] {"EKEYREVOKED", "Key has been revoked"};
        table[EKEYREJECTED] = new String[] {"EKEYREJECTED", "Key was rejected by service"};
        table[EOWNERDEAD] = new String[] {"EOWNERDEAD", "Owner died"};
        table[ENOTRECOVERABLE] = new String[] {"ENOTRECOVERABLE", "State not recoverable"};
        table[ERFKILL] = new String[] {"ERFKILL", "Operation not possible due to RF-kill"};
        table[EHWPOISON] = new String[] {"EHWPOISON", "Memory page has hardware error"};
        return table;
    }
}
