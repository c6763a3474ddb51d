package dev.fid.probe;

import dev.fid.kernel.Kernel;
import dev.fid.kernel.Name;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// What is true here: which call works on which pair of descriptors, whether a spliced page is a reference or
/// a copy, what this process is allowed, and which known bugs this version of the kernel may have. All but
/// the last is found by
/// trying it with a few bytes, nothing by a version number. What cannot be tried is `unknown`, with the reason.
///
/// @param kernel the version
/// @param matrix what each call said of each pair
/// @param canaries one for each directory
/// @param memory what a page of user memory becomes in a pipe
/// @param capabilities calls, features, limits and privileges
/// @param bugs what is known of this version
public record Probe(
        KernelRelease kernel,
        Matrix matrix,
        List<AliasProbe> canaries,
        AliasProbe.Sight memory,
        List<Capability> capabilities,
        List<Finding> bugs) {

    /// A known bug, and whether it may be here.
    ///
    /// @param bug the bug
    /// @param verdict what the version says
    public record Finding(KernelBug bug, KernelBug.Verdict verdict) {}

    /// Seconds that a file system has to say what it is.
    private static final int PATIENCE = 5;

    /// Probes with files in these directories, which gets none: files have no name, or lose it at once.
    ///
    /// @param directories one for each file system of interest; may be empty
    public static Probe of(List<Path> directories) {
        return of(Kernel.linux(), directories);
    }

    /// As {@link #of(List)} on another kernel.
    public static Probe of(Kernel kernel, List<Path> directories) {
        List<Matrix.Kind> files = files(kernel, directories);
        List<Capability> capabilities = new ArrayList<>(new SyscallProbe(kernel, MachineLimits.filtered()).all(files));
        capabilities.addAll(new MachineLimits(kernel).all());
        KernelRelease release = KernelRelease.here();
        return new Probe(
                release,
                Matrix.of(kernel, files),
                files.stream().map(file -> AliasProbe.of(kernel, file)).toList(),
                AliasProbe.memory(kernel),
                List.copyOf(capabilities),
                KernelBug.KNOWN.stream()
                        .map(bug -> new Finding(bug, bug.verdict(release)))
                        .toList());
    }

    /// The matrix alone, which a directory that hangs or is not there does not hold up.
    private static List<Matrix.Kind> files(Kernel kernel, List<Path> directories) {
        List<Matrix.Kind> files = new ArrayList<>();
        for (Path directory : directories) {
            byte[] path = Name.of(directory).bytes();
            CompletableFuture<String> name = new CompletableFuture<>();
            Thread thread = new Thread(
                    () -> {
                        String found = SyscallProbe.fileSystem(kernel, path);
                        name.complete(found == null ? "file system" : found);
                    },
                    "fid-probe");
            thread.setDaemon(true);
            thread.start();
            String fileSystem;
            try {
                fileSystem = name.get(PATIENCE, TimeUnit.SECONDS);
            } catch (TimeoutException | ExecutionException e) {
                fileSystem = Matrix.Kind.SILENT; // a dead server: not to be asked again
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
            files.add(new Matrix.Kind(Matrix.Sort.FILE, directory, fileSystem));
        }
        return files;
    }

    /// The first capability of that name; UNKNOWN where there is none.
    public Capability capability(String name) {
        return capabilities.stream()
                .filter(capability -> capability.name().equals(name))
                .findFirst()
                .orElse(Capability.of(name, Capability.State.UNKNOWN, "", "not known to this version of Fid", ""));
    }
}
