package dev.fid.model;

/// Copies between pages, as the kernel's memcpy does on today's x86: `rep movsb`, forward byte by byte, which one can
/// see when a page is copied onto itself a little further on.
final class Bytes {
    private Bytes() {}

    static void copy(byte[] in, int inAt, byte[] out, int outAt, int len) {
        if (in == out && outAt > inAt && outAt < inAt + len) {
            for (int i = 0; i < len; i++) {
                out[outAt + i] = in[inAt + i];
            }
        } else {
            System.arraycopy(in, inAt, out, outAt, len);
        }
    }
}
