package dev.fid.tests;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.fid.kernel.Errno;
import dev.fid.kernel.Kernel;
import dev.fid.kernel.Uapi;
import dev.fid.model.ModelKernel;
import dev.fid.model.Profile;
import java.nio.file.Path;

/// The kernels that a suite runs on.
public enum Ground {
    /// The one of this machine.
    LINUX,
    MODEL_2_6,
    MODEL_6_18,
    MODEL_COPYING;

    /// A kernel: on the model a new one every time.
    public Kernel kernel() {
        return switch (this) {
            case LINUX -> Kernel.linux();
            case MODEL_2_6 -> new ModelKernel(Profile.LINUX_2_6);
            case MODEL_6_18 -> new ModelKernel(Profile.LINUX_6_18);
            case MODEL_COPYING -> new ModelKernel(Profile.LINUX_COPYING);
        };
    }

    public boolean isModel() {
        return this != LINUX;
    }

    /// Makes a folder and those above it.
    public static void createFolder(Kernel kernel, Path folder) {
        for (int i = 1; i <= folder.getNameCount(); i++) {
            byte[] path = ("/" + folder.subpath(0, i)).getBytes(UTF_8);
            int made = kernel.mkdirat(Uapi.AT_FDCWD, path, 0777);
            if (made < 0 && made != -Errno.EEXIST) {
                throw new AssertionError(folder + ": " + Errno.name(-made));
            }
        }
    }
}
