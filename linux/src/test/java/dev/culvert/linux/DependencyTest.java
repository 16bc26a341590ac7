package dev.culvert.linux;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;

@AnalyzeClasses(packages = "dev.culvert", importOptions = ImportOption.DoNotIncludeTests.class)
final class DependencyTest {
    private static final String ROOT = "dev.culvert.linux";
    private static final String LIBC = "dev.culvert.linux.libc";
    private static final String NET = "dev.culvert.net";
    private static final String NETLINK = "dev.culvert.linux.netlink";
    private static final String ROUTE = "dev.culvert.linux.route";
    private static final String TUN = "dev.culvert.linux.tun";
    private static final String NETNS = "dev.culvert.linux.netns";
    private static final String CONNTRACK = "dev.culvert.linux.conntrack";
    private static final String VETH = "dev.culvert.linux.veth";

    @ArchTest static final ArchRule netUsesNothing = only(NET);
    @ArchTest static final ArchRule libcUsesNothing = only(LIBC);
    @ArchTest static final ArchRule rootUsesLibc = only(ROOT, LIBC, NET);
    @ArchTest static final ArchRule netlinkUsesSockets = only(NETLINK, ROOT, LIBC, NET);
    @ArchTest static final ArchRule routeUsesNetlink = only(ROUTE, NETLINK, ROOT, NET);
    @ArchTest static final ArchRule conntrackUsesNetlink = only(CONNTRACK, NETLINK, ROOT, NET);
    @ArchTest static final ArchRule netnsUsesLibc = only(NETNS, ROOT, LIBC);
    @ArchTest static final ArchRule tunUsesLibc = only(TUN, ROOT, LIBC, NET);
    @ArchTest static final ArchRule vethUsesAll = only(VETH, ROUTE, TUN, NETNS, ROOT);

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.culvert.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyLibcLinks =
            noClasses()
                    .that()
                    .resideOutsideOfPackage(LIBC)
                    .should()
                    .dependOnClassesThat()
                    .belongToAnyOf(Linker.class, SymbolLookup.class);

    @ArchTest
    static final ArchRule nobodySleeps =
            noClasses()
                    .should()
                    .callMethod(Thread.class, "sleep", long.class)
                    .orShould()
                    .callMethod(Thread.class, "sleep", java.time.Duration.class);

    @ArchTest
    static final ArchRule nobodyPrints =
            GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

    @ArchTest
    static final ArchRule nobodyLogsWithJul =
            GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

    private static ArchRule only(String own, String... others) {
        String[] allowed = new String[others.length + 4];
        allowed[0] = own;
        allowed[1] = "java..";
        allowed[2] = "org.jspecify..";
        allowed[3] = "";
        System.arraycopy(others, 0, allowed, 4, others.length);
        return classes()
                .that()
                .resideInAPackage(own)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed)
                .allowEmptyShould(true);
    }
}
