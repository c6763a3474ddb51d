package dev.fid.cli.option;

import dev.fid.cli.endpoint.Endpoint;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What cp(1) has besides for where copies go, and what becomes of links and mounts.
public final class NamingOptions {
    @Option(
            names = {"-t", "--target-directory"},
            paramLabel = "DIR",
            converter = Values.OfEndpoint.class,
            completionCandidates = Values.Schemes.class,
            description = "Copies every SRC into DIR; there is no DST then.")
    public @Nullable Endpoint directory;

    @Option(
            names = {"-T", "--no-target-directory"},
            description = "DST is the name of the copy, also where it is a directory.")
    public boolean exact;

    @Option(
            names = "--parents",
            description = "Copies SRC to its whole path below DST, a directory; missing directories are made.")
    public boolean parents;

    @Option(
            names = {"-x", "--one-file-system"},
            description = "With -r: leaves directories empty where another file system is mounted.")
    public boolean oneFileSystem;

    @Option(names = "-H", description = "With -r: follows a SRC that is a symbolic link, but none below it.")
    public boolean followNamed;

    @Option(
            names = {"-l", "--link"},
            description = "Makes hard links to the files of SRC instead of copies.")
    public boolean link;

    @Option(
            names = "--attributes-only",
            description = "Copies no content, only what --preserve names; a new file is empty.")
    public boolean attributesOnly;

    /// The first of those that only a copy from names to names can do, or nothing.
    public String treeOption() {
        return oneFileSystem
                ? "--one-file-system"
                : followNamed
                        ? "-H"
                        : link ? "--link" : attributesOnly ? "--attributes-only" : parents ? "--parents" : "";
    }
}
