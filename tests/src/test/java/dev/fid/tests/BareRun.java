package dev.fid.tests;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.PrintStream;
import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Runs test classes and prints a line for each that did not pass, for {@link BareMachineTest}.
final class BareRun {
    private BareRun() {}

    public static void main(String[] classes) {
        PrintStream out = System.out;
        System.setOut(System.err); // what the tests print
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(Arrays.stream(classes).map(name -> selectClass(name)).toList())
                .build();
        Launcher launcher = LauncherFactory.create();
        launcher.execute(request, new TestExecutionListener() {
            private long passed;

            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                String why = result.getThrowable()
                        .map(thrown -> thrown.toString().lines().findFirst().orElse(""))
                        .orElse("");
                switch (result.getStatus()) {
                    case ABORTED -> out.println("SKIPPED\t" + why + "\t" + test.getUniqueId());
                    case FAILED -> {
                        out.println("FAILED\t" + why + "\t" + test.getUniqueId());
                        result.getThrowable().ifPresent(Throwable::printStackTrace);
                    }
                    case SUCCESSFUL -> passed += test.isTest() ? 1 : 0;
                }
            }

            @Override
            public void testPlanExecutionFinished(org.junit.platform.launcher.TestPlan plan) {
                out.println("PASSED\t" + passed);
            }
        });
        out.flush();
        System.exit(0);
    }
}
