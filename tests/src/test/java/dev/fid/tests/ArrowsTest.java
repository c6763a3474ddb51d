package dev.fid.tests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Test;

/// Holds the arrows between Fid's packages: a command plans, a plan is carried out, a transfer calls the kernel,
/// and nothing calls back up.
class ArrowsTest {
    private static final JavaClasses FID = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.fid");

    private static final String JDK = "java..";
    private static final String JSPECIFY = "org.jspecify..";
    private static final String CORE = "dev.fid";
    private static final String KERNEL = "dev.fid.kernel";
    private static final String MODEL = "dev.fid.model..";
    private static final String BENCH = "dev.fid.bench..";
    private static final String NET = "dev.fid.net..";

    @Test
    void kernelKnowsOnlyTheJdk() {
        hold(classes().that().resideInAPackage(KERNEL).should().onlyDependOnClassesThat(in(KERNEL, JDK, JSPECIFY)));
    }

    @Test
    void coreKnowsOnlyKernelAndTheJdk() {
        hold(classes()
                .that()
                .resideInAPackage(CORE)
                .should()
                .onlyDependOnClassesThat(in(CORE, KERNEL, JDK, "jdk.jfr..", JSPECIFY)));
    }

    @Test
    void modelKnowsOnlyKernelAndTheJdk() {
        hold(classes()
                .that()
                .resideInAPackage(MODEL)
                .should()
                .onlyDependOnClassesThat(in(MODEL, KERNEL, JDK, JSPECIFY)));
    }

    @Test
    void benchDoesNotKnowTheCommandLine() {
        hold(noClasses().that().resideInAPackage(BENCH).should().dependOnClassesThat(in("dev.fid.cli..", "picocli..")));
    }

    @Test
    void netKnowsOnlyCoreAndNetty() {
        hold(classes()
                .that()
                .resideInAPackage(NET)
                .should()
                .onlyDependOnClassesThat(in(NET, CORE, KERNEL, JDK, "io.netty..", JSPECIFY)));
    }

    @Test
    void nobodyButNetAndTheBenchmarksContenderKnowsNetty() {
        hold(noClasses()
                .that()
                .resideOutsideOfPackage(NET)
                .and()
                .haveNameNotMatching("dev\\.fid\\.bench\\.NettyWays(\\$.*)?")
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
