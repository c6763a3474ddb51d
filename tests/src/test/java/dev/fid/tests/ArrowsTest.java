package dev.fid.tests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Holds the floor plan: which room may know which. A command plans, a plan is carried out, a transfer calls the
/// kernel,
/// and nothing calls back up.
class ArrowsTest {
    private static final JavaClasses FID = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.fid");

    /// The model has the kernel's own names.
    private static final Set<String> TWICE = Set.of("Pipe");

    private static final String JDK = "java..";
    private static final String JSPECIFY = "org.jspecify..";
    private static final String NET = "dev.fid.net..";

    /// The floor plan, from the ground up: a room, and the rooms that it may know. One that is not named here may know
    /// no other, and nobody may know it.
    private static final String PLAN = """
            dev.fid.kernel:
            dev.fid.wait: kernel
            dev.fid.path: kernel wait
            dev.fid: kernel wait path
            dev.fid.run: kernel wait fid
            dev.fid.transfer: kernel wait path fid run
            dev.fid.fanout: kernel wait fid run
            dev.fid.link: kernel wait fid run
            dev.fid.probe: kernel path fid
            dev.fid.files: kernel wait path fid transfer probe
            dev.fid.bridge: kernel wait fid transfer

            dev.fid.faults: kernel
            dev.fid.model: kernel

            dev.fid.net: kernel
            dev.fid.net.terms: kernel wait fid link net
            dev.fid.net.loop: kernel fid link net
            dev.fid.net.listen: kernel fid net.loop net.terms
            dev.fid.net.proxy: kernel fid net
            dev.fid.net.upstream: kernel wait fid net net.loop net.terms
            dev.fid.net.relay: kernel wait fid link net net.loop net.terms net.listen net.proxy net.upstream
            dev.fid.net.admin: kernel fid bridge net net.loop net.relay

            dev.fid.bench.measure: kernel fid
            dev.fid.bench.bed: kernel fid bench.measure
            dev.fid.bench.way: kernel fid fanout transfer bench.measure bench.bed
            dev.fid.bench.result: fid bench.measure bench.way
            dev.fid.bench.report: bench.measure bench.way bench.result
            dev.fid.bench.race: kernel fid model bench.measure bench.bed bench.way bench.result
            dev.fid.bench.relay: kernel bench.measure bench.way bench.result bench.race
            dev.fid.bench.trace: kernel fid fanout transfer model bench.measure
            dev.fid.bench: kernel fid transfer bench.measure bench.bed bench.way bench.result bench.report bench.race \
                bench.relay

            dev.fid.cli.base: kernel fid bench.measure
            dev.fid.cli.value: fid
            dev.fid.cli.endpoint: kernel fid files bench.measure cli.base cli.value
            dev.fid.cli.option: kernel fid model bench.trace cli.base cli.value cli.endpoint
            dev.fid.cli.report: kernel fid files bench.measure cli.base cli.value cli.option
            dev.fid.cli.plan: kernel fid files bench.measure cli.base cli.endpoint
            dev.fid.cli.watch: bench.measure cli.base
            dev.fid.cli.manual: cli.base
            dev.fid.cli.copy: kernel fid files transfer bench.measure cli.base cli.endpoint cli.option cli.report cli.plan
            dev.fid.cli.tee: kernel fid fanout files bench.measure cli.base cli.endpoint cli.option cli.report
            dev.fid.cli.explain: fid model bench.measure bench.trace cli.base cli.endpoint cli.option cli.plan cli.copy
            dev.fid.cli.probe: kernel fid files probe bench.measure cli.base cli.option cli.watch
            dev.fid.cli.relay: kernel fid bridge link net net.relay net.admin bench.measure cli.base cli.value cli.endpoint \
                cli.option
            dev.fid.cli.bench: bench bench.race cli.base cli.option
            dev.fid.cli: kernel bench.measure cli.base cli.option cli.manual cli.copy cli.tee cli.explain cli.probe cli.relay \
                cli.bench
            """;

    @Test
    void roomsKnowWhatThePlanSays() {
        Map<String, Set<String>> plan = new TreeMap<>();
        PLAN.lines().filter(line -> !line.isBlank()).forEach(line -> {
            String[] sides = line.split(":", -1);
            Set<String> known = new TreeSet<>();
            for (String room : sides[1].strip().split(" +", -1)) {
                known.add(room.equals("fid") ? "dev.fid" : "dev.fid." + room);
            }
            plan.put(sides[0], known);
        });
        Map<String, Set<String>> found = new TreeMap<>();
        Map<String, Set<String>> used = new TreeMap<>();
        for (JavaClass from : FID) {
            for (Dependency each : from.getDirectDependenciesFromSelf()) {
                String one = from.getPackageName();
                String other = each.getTargetClass().getBaseComponentType().getPackageName();
                if (!other.startsWith("dev.fid") || one.equals(other)) {
                    continue;
                }
                used.computeIfAbsent(one, room -> new TreeSet<>()).add(other);
                if (!plan.getOrDefault(one, Set.of()).contains(other)) {
                    found.computeIfAbsent(one + " -> " + other, arrow -> new TreeSet<>())
                            .add(from.getSimpleName() + " to "
                                    + each.getTargetClass().getSimpleName());
                }
            }
        }
        assertThat(found).as("arrows that are not on the plan").isEmpty();
        plan.forEach((room, known) -> {
            known.remove("dev.fid.");
            known.removeAll(used.getOrDefault(room, Set.of()));
        });
        plan.values().removeIf(Set::isEmpty);
        assertThat(plan).as("arrows of the plan that nobody needs").isEmpty();
    }

    @Test
    void eachRoomSaysWhatLivesThere() {
        Set<String> silent = new TreeSet<>();
        FID.forEach(each -> {
            if (!FID.contain(each.getPackageName() + ".package-info")) {
                silent.add(each.getPackageName());
            }
        });
        assertThat(silent).isEmpty();
    }

    /// One name, one thing.
    @Test
    void onlyTheseNamesOccurTwice() {
        Map<String, Set<String>> places = new TreeMap<>();
        for (JavaClass each : FID) {
            if (each.isTopLevelClass() && !each.getSimpleName().equals("package-info")) {
                places.computeIfAbsent(each.getSimpleName(), name -> new TreeSet<>())
                        .add(each.getPackageName());
            }
        }
        places.values().removeIf(rooms -> rooms.size() == 1);
        assertThat(places.keySet()).isEqualTo(TWICE);
    }

    @Test
    void theLibraryKnowsOnlyTheJdk() {
        hold(classes()
                .that(DescribedPredicate.describe("of the library", ArrowsTest::isOfTheLibrary))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("dev.fid..", JDK, "jdk.jfr..", JSPECIFY)));
    }

    private static boolean isOfTheLibrary(JavaClass each) {
        return !resideInAnyPackage("dev.fid.net..", "dev.fid.bench..", "dev.fid.cli..")
                .test(each);
    }

    @Test
    void netKnowsOnlyTheLibraryAndNetty() {
        hold(classes()
                .that()
                .resideInAPackage(NET)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("dev.fid..", JDK, "io.netty..", JSPECIFY)));
    }

    @Test
    void onlyTheCommandKnowsPicocli() {
        hold(noClasses().that().resideOutsideOfPackage("dev.fid.cli..").should().dependOnClassesThat(in("picocli..")));
    }

    @Test
    void nobodyButNetAndTheBenchmarksContenderKnowsNetty() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackage(NET)
                .and()
                .haveNameNotMatching("dev\\.fid\\.bench\\.way\\.NettyWays(\\$.*)?")
                .should()
                .dependOnClassesThat(in("io.netty..")));
    }

    @Test
    void onlyLinuxKernelLinksNativeCode() {
        hold(noClasses()
                .that()
                .haveNameNotMatching("dev\\.fid\\.kernel\\.LinuxKernel(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Linker.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(SymbolLookup.class));
    }

    @Test
    void packagesFormNoCycle() {
        hold(slices().assignedFrom(new EachPackage()).should().beFreeOfCycles());
    }

    @Test
    void noNameSaysThatItsClassHasNoDomain() {
        hold(noClasses().should().haveNameMatching(".*[.$](Abstract[A-Z]|Base[A-Z]).*"));
        hold(noClasses().should().haveNameMatching(".*(Impl|Util|Utils|Helper|Manager)"));
    }

    private static void hold(ArchRule rule) {
        rule.allowEmptyShould(true).check(FID);
    }

    private static DescribedPredicate<JavaClass> in(String... packages) {
        return resideInAnyPackage(packages);
    }

    /// A slice for each package; ArchUnit's patterns cannot name `dev.fid` itself beside the packages below it.
    private static final class EachPackage implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
            return resideInAPackage("dev.fid..").test(javaClass)
                    ? SliceIdentifier.of(javaClass.getPackageName())
                    : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "packages";
        }
    }
}
