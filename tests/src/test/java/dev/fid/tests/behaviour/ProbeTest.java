package dev.fid.tests.behaviour;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fid.Fd;
import dev.fid.Method;
import dev.fid.faults.FaultyKernel;
import dev.fid.files.Fid;
import dev.fid.kernel.Errno;
import dev.fid.kernel.Memory;
import dev.fid.kernel.Uapi;
import dev.fid.probe.AliasProbe;
import dev.fid.probe.AliasProbe.Outcome;
import dev.fid.probe.Answer;
import dev.fid.probe.Capability;
import dev.fid.probe.Matrix;
import dev.fid.probe.Probe;
import dev.fid.tests.cli.CProgram;
import dev.fid.tests.conformance.Command;
import dev.fid.transfer.Transfer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/// What Fid tells of this kernel, and of itself to Flight Recorder.
class ProbeTest extends Fixture {
    private static final Set<Matrix.Sort> NETWORK = EnumSet.of(Matrix.Sort.TCP, Matrix.Sort.UDP, Matrix.Sort.RAW);

    private Probe probe(FaultyKernel faulty) {
        return Probe.of(faulty.kernel(), List.of(dir));
    }

    @Test
    void theCanaryAnswersOnDiskAndInMemory() {
        Probe probe = Fid.probe(dir, Path.of("/dev/shm"));
        assertThat(probe.canaries()).hasSize(2).allSatisfy(canary -> {
            for (AliasProbe.Sight sight : List.of(canary.splice(), canary.tee(), canary.sendfile())) {
                assertThat(sight.outcome()).as(sight.reason()).isIn(Outcome.ALIAS, Outcome.COPY);
            }
        });
        assertThat(probe.memory().outcome()).isIn(Outcome.ALIAS, Outcome.COPY);
    }

    @Test
    void theCanaryTellsACopyFromAReference() {
        // A splice that copies: the bytes are read from the file and written to the pipe.
        FaultyKernel copying = FaultyKernel.over(kernel);
        Memory page = kernel.allocate(kernel.pageSize());
        copying.on("splice").runs(call -> {
            int in = (int) call.arguments().getFirst();
            int out = (int) call.arguments().get(2);
            kernel.pread(in, page, 0, page.size(), 0);
            kernel.write(out, page, 0, page.size());
        });
        copying.on("splice").returns(kernel.pageSize());
        assertThat(probe(copying).canaries().getFirst().splice().outcome()).isEqualTo(Outcome.COPY);
        page.close();
    }

    @Test
    void aKernelThatRefusesIsSaidToRefuse() {
        Probe probe = probe(FaultyKernel.over(kernel).on("vmsplice").fails(Errno.EPERM));
        assertThat(probe.memory()).isEqualTo(new AliasProbe.Sight(Outcome.REFUSED, "EPERM"));
        assertThat(probe.capability("vmsplice").state()).isEqualTo(Capability.State.NO);
        assertThat(probe.capability("splice").state()).isEqualTo(Capability.State.YES);
    }

    @Test
    void whatCannotBeMadeIsUnknownAndNotRefused() {
        Probe probe = probe(FaultyKernel.over(kernel).on("socket").fails(Errno.EMFILE));
        for (Matrix.Cell cell : probe.matrix().cells()) {
            boolean socket = NETWORK.contains(cell.in().sort())
                    || NETWORK.contains(cell.out().sort());
            assertThat(cell.splice().state() == Answer.State.UNKNOWN)
                    .as("%s", cell)
                    .isEqualTo(socket);
            if (socket) {
                assertThat(cell.splice().reason()).contains("socket: EMFILE").contains("ulimit -n");
                assertThat(cell.differs()).isFalse();
            }
        }
        assertThat(probe.canaries().getFirst().sendfile().outcome()).isEqualTo(Outcome.UNKNOWN);
    }

    @Test
    void aFullDiskIsNoAnswerOfACall() {
        Probe probe = probe(FaultyKernel.over(kernel).on("pwrite").fails(Errno.ENOSPC));
        Matrix matrix = probe.matrix();
        Matrix.Kind file = matrix.kinds().get(1);
        assertThat(matrix.cell(file, matrix.kinds().getFirst()).splice().text())
                .isEqualTo("unknown: pwrite: ENOSPC, No space left on device");
        assertThat(probe.capability("reflink").state()).isEqualTo(Capability.State.UNKNOWN);
    }

    @Test
    void aDirectoryThatIsNotThereIsUnknown() {
        Probe probe = Fid.probe(dir.resolve("none"));
        assertThat(probe.canaries().getFirst().splice().outcome()).isEqualTo(Outcome.UNKNOWN);
        assertThat(probe.canaries().getFirst().splice().reason()).contains("ENOENT");
    }

    @Test
    void nothingIsLeftInTheDirectory() {
        FaultyKernel nameless = FaultyKernel.over(kernel)
                .on("openat")
                .when(call -> ((int) call.arguments().get(2) & Uapi.O_TMPFILE) == Uapi.O_TMPFILE)
                .fails(Errno.EOPNOTSUPP);
        assertThat(probe(nameless).canaries().getFirst().splice().outcome()).isNotEqualTo(Outcome.UNKNOWN);
        assertThat(dir).isEmptyDirectory();
    }

    /// By a C program that makes the same descriptors its own way: what this kernel says, not what one kernel said.
    @Test
    void theMatrixIsWhatACProgramFinds() throws Exception {
        Path program = CProgram.build("pairs", dir);
        Path folder = Files.createDirectory(dir.resolve("folder"));
        Map<String, String> truth = new TreeMap<>();
        for (String line : Command.run(program, folder).lines().toList()) {
            String[] words = line.split("\t", -1);
            truth.put(words[0] + " " + words[1] + " to " + words[2], words[3]);
        }
        Map<String, String> told = new TreeMap<>();
        for (Matrix.Cell cell : Fid.probe(folder).matrix().cells()) {
            for (Method method : List.of(Method.SPLICE, Method.SENDFILE, Method.COPY_FILE_RANGE)) {
                told.put(method + " " + name(cell.in()) + " to " + name(cell.out()), word(cell.answer(method)));
            }
        }
        assertThat(told).hasSize(3 * 14 * 14).isEqualTo(truth);
    }

    private static String name(Matrix.Kind kind) {
        return kind.sort() == Matrix.Sort.FILE ? "file" : kind.label();
    }

    private static String word(Answer answer) {
        return answer.state() == Answer.State.UNKNOWN ? "unknown" : answer.text();
    }

    /// Two splices through a pipe work exactly where the input gives to a pipe and the output takes from one.
    @Test
    void throughAPipeWorksWhereBothHalvesDo() {
        Matrix matrix = Fid.probe(dir).matrix();
        Matrix.Kind pipe = matrix.kinds().getFirst();
        for (Matrix.Cell cell : matrix.cells()) {
            boolean both = matrix.cell(cell.in(), pipe).splice().works()
                    && matrix.cell(pipe, cell.out()).splice().works();
            assertThat(cell.throughPipe().works())
                    .as("%s to %s: %s", cell.in(), cell.out(), cell.throughPipe())
                    .isEqualTo(both);
        }
    }

    @Test
    void theArticleIsComparedWithSpliceAlone() {
        Matrix matrix = Fid.probe(dir).matrix();
        Matrix.Kind pipe = matrix.kinds().getFirst();
        for (Matrix.Cell cell : matrix.cells()) {
            boolean article = cell.in().equals(pipe)
                    || (cell.out().equals(pipe)
                            && !Set.of("unix", "udp", "raw")
                                    .contains(cell.in().sort().article()));
            assertThat(cell.differs())
                    .as("%s to %s", cell.in(), cell.out())
                    .isEqualTo(cell.splice().state() != Answer.State.UNKNOWN
                            && article != cell.splice().works());
        }
    }

    @Test
    void aRecordingHoldsTransfersFallbacksAndWaits() throws Exception {
        FaultyKernel refusing = FaultyKernel.over(kernel).on("sendfile").fails(Errno.EINVAL);
        Fd in = file(refusing.kernel(), "in", pattern(50_000));
        Fd[] out = unixPair(refusing.kernel());
        Fd[] late = unixPair();
        Fd nowhere = create("out");
        Path file = dir.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            for (String name : List.of("Transfer", "Fallback", "Park")) {
                recording.enable("dev.fid." + name).withoutThreshold();
            }
            recording.start();
            Transfer.from(in).to(out[0]).run();
            On.Task<?> task =
                    On.PLATFORM.start(() -> Transfer.from(late[0]).to(nowhere).run());
            task.waits();
            late[1].close();
            task.get();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        RecordedEvent transfer = only(events, "dev.fid.Transfer").stream()
                .filter(event -> event.getString("in").equals(in.toString()))
                .findFirst()
                .orElseThrow();
        assertThat(transfer.getLong("bytes")).isEqualTo(50_000);
        assertThat(transfer.getString("method")).isEqualTo(Method.SPLICE_THROUGH_PIPE.toString());
        assertThat(only(events, "dev.fid.Fallback"))
                .singleElement()
                .satisfies(e -> assertThat(e.getString("reason")).contains("sendfile EINVAL"));
        assertThat(only(events, "dev.fid.Park"))
                .anySatisfy(e -> assertThat(e.getString("fd")).contains("" + late[0].number()));
    }

    private static List<RecordedEvent> only(List<RecordedEvent> events, String name) {
        return events.stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
    }
}
