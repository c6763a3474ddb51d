package dev.fid.tests.mechanism;

import dev.fid.bench.trace.Scenario;
import dev.fid.bench.trace.Step;
import dev.fid.bench.trace.Trace;
import dev.fid.model.Profile;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The pictures of docs/mechanism.md, each a walk on the model of Linux 6.18.
final class Pictures {
    /// Five pages, the last one not full.
    private static final long FIVE_PAGES = 20_000;

    private Pictures() {}

    /// Each picture's file name under docs/mechanism and its SVG.
    static Map<String, String> all() throws IOException {
        Map<String, String> all = new LinkedHashMap<>();
        Trace file = walk(Scenario.SPLICE_PIPE);
        all.put(
                "splice-file-file.svg",
                picture(
                        file,
                        "A file is spliced into a pipe, which takes references to its pages, and from there into"
                                + " another file, which gets copies",
                        List.of(0, 1, 2),
                        "before: nothing of the file is in memory, and the ring is empty",
                        "the pages are read from disk into the page cache, and a slot of the ring refers to each",
                        "the file gets pages of its own: the one copy; the slots are free, their references gone"));
        all.put(
                "splice-file-socket.svg",
                picture(
                        walk(Scenario.FILE_TO_SOCKET),
                        "A file is spliced into a pipe and from there into a socket: the queue refers to the very"
                                + " pages",
                        List.of(0, 1, 2),
                        "into the pipe: a reference for each page",
                        "into the socket: its queue refers to the pages of the file; no byte was copied",
                        "the reader copies them out, and only now the references are gone"));
        all.put(
                "tee.svg",
                picture(
                        walk(Scenario.TEE_PIPES),
                        "tee makes a second ring of references to the same pages; a splice moves the first one's slots",
                        List.of(0, 1, 2),
                        "into Fid's own pipe",
                        "tee: the reader's pipe refers to the same pages, and the own pipe keeps its slots",
                        "splice from pipe to pipe: the slots move, so nothing is counted up or down"));
        all.put(
                "vmsplice.svg",
                picture(
                        walk(Scenario.VMSPLICE),
                        "vmsplice puts references to pages of user memory into the pipe",
                        List.of(0),
                        "the program and the pipe hold the same pages: who stores to them now changes what is read"));
        all.put(
                "alias.svg",
                picture(
                        Trace.of(Scenario.ALIAS, Profile.LINUX_6_18, FIVE_PAGES),
                        "A file that is changed after it was spliced: the pipe shows the new bytes",
                        List.of(0, 5),
                        "sent: the pipe refers to the pages of the file",
                        "somebody has written to each page: the pipe holds no other, so the reader gets the new"
                                + " bytes"));
        all.put(
                "sendfile.svg",
                picture(
                        walk(Scenario.SENDFILE),
                        "sendfile leaves references in the socket's queue; its own pipe is empty when it returns",
                        List.of(0),
                        "the pipe inside of the kernel is filled and drained in the call: nothing of it is left"));
        return all;
    }

    private static Trace walk(Scenario scenario) throws IOException {
        return Trace.of(scenario, Profile.LINUX_6_18, FIVE_PAGES);
    }

    private static String picture(Trace trace, String title, List<Integer> which, String... captions) {
        List<Step> moving = Picture.moving(trace);
        return Picture.of(trace, title, which.stream().map(moving::get).toList(), List.of(captions));
    }
}
