package dev.fid.tests.model;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectIteration;

import dev.fid.kernel.Kernel;
import dev.fid.tests.OnAllKernels;
import dev.fid.tests.simulation.LinkSimulation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// The short campaign that a mutant has to pass, in a process of its own: some scripts beside the real kernel, the
/// vectors and the tests of the model, more scripts, and links. It ends at the first thing that is wrong: prints it,
/// with status {@link #RED}.
final class MutantTrial {
    static final int RED = 3;

    private static final int SCRIPTS_FIRST = 200;
    private static final List<String> VECTORS = List.of(
            "PipeTest",
            "SpliceTest",
            "SpliceMatrixTest",
            "TeeTest",
            "VmspliceTest",
            "SendfileTest",
            "CopyFileRangeTest",
            "AliasingTest");
    private static final List<String> OF_THE_MODEL = List.of("MechanismTest", "CallsTest", "PipeModelVectorsTest");

    private MutantTrial() {}

    /// Runs it once.
    ///
    /// @param arguments a folder on tmpfs, one on ext4, the first seed, how many scripts (0: only links, for
    ///     what is broken above the kernel), how many links
    public static void main(String[] arguments) throws Exception {
        Path memory = Path.of(arguments[0]);
        Path disk = Path.of(arguments[1]);
        long seed = Long.parseLong(arguments[2]);
        int scripts = Integer.parseInt(arguments[3]);
        int links = Integer.parseInt(arguments[4]);
        String[] names = new String[4];
        for (int i = 0; i < 4; i++) {
            names[i] = (i < 2 ? memory : disk).resolve("f" + i).toString();
        }
        if (scripts > 0) {
            kernel(names, seed, scripts);
        }
        links(seed, links);
        System.out.println("green: " + scripts + " scripts, " + links + " links");
    }

    private static void kernel(String[] names, long seed, int scripts) throws Exception {
        try (Actor real = new Actor(Kernel.linux(), names)) {
            Differential.Subject subject = Steered.model();
            Actor model = new Actor(subject.kernel(), "/dev/shm/f0", "/dev/shm/f1", "/f2", "/f3");
            Duel duel = new Duel(real, model, subject);
            scripts(duel, seed, seed + SCRIPTS_FIRST);
            tests();
            scripts(duel, seed + SCRIPTS_FIRST, seed + scripts);
        } catch (RuntimeException | Error e) {
            red("thrown " + e);
            throw e;
        }
    }

    /// Ends all at once: what is broken may hang when it is closed.
    private static void red(String what) {
        System.out.println("red: " + what.replace('\n', ' '));
        System.out.flush();
        Runtime.getRuntime().halt(RED);
    }

    private static void scripts(Duel duel, long from, long to) {
        for (long seed = from; seed < to; seed++) {
            Script script = Script.random(seed);
            Duel.Difference difference = duel.run(script);
            // a mutant is wrong every time; the real kernel may have been late once
            if (difference != null && duel.run(script) != null) {
                red("script of seed " + seed + ", step " + difference.step() + ": " + difference.what());
            }
        }
    }

    private static void tests() throws ClassNotFoundException {
        List<DiscoverySelector> selectors = new ArrayList<>();
        for (String name : OF_THE_MODEL) {
            selectors.add(selectClass("dev.fid.model." + name));
        }
        selectors.add(selectClass(ScriptsTest.class));
        for (String name : VECTORS) {
            Class<?> suite = Class.forName("dev.fid.tests.conformance." + name);
            boolean all = suite.isAnnotationPresent(OnAllKernels.class);
            // the first place is the real kernel's, see Ground: no mutant is there
            int[] places = all ? new int[] {1, 2, 3} : new int[] {1};
            selectors.add(selectIteration(selectClass(suite), places));
        }
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request().selectors(selectors).build();
        LauncherFactory.create().execute(request, new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (result.getStatus() == TestExecutionResult.Status.FAILED) {
                    red("test " + test.getDisplayName() + ": "
                            + result.getThrowable().map(Throwable::toString).orElse(""));
                }
            }
        });
    }

    private static void links(long seed, int count) {
        for (long each = seed; each < seed + count; each++) {
            String complaint;
            try {
                complaint = new LinkSimulation(each).run();
            } catch (RuntimeException | Error e) {
                complaint = e.toString();
            }
            if (complaint != null) {
                red("link of seed " + each + ": " + complaint);
            }
        }
    }
}
