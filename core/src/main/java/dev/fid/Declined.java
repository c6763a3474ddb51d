package dev.fid;

import dev.fid.kernel.Errno;

/// A method that was not used, or not to the end: either the plan ruled it out (`errno` 0), or the kernel
/// refused.
///
/// @param method the method
/// @param call the call that was refused; empty where the plan ruled it out
/// @param errno the positive error number; 0 where the plan ruled it out
/// @param reason one clause in words
public record Declined(Method method, String call, int errno, String reason) {
    @Override
    public String toString() {
        return method + ": " + (errno == 0 ? reason : call + " " + Errno.name(errno) + ", " + reason);
    }
}
