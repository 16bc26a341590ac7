package dev.culvert.iptables;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.time.Duration;

@AnalyzeClasses(
        packages = "dev.culvert.iptables",
        importOptions = ImportOption.DoNotIncludeTests.class)
final class DependencyTest {
    private static final String ROOT = "dev.culvert.iptables";

    @ArchTest
    static final ArchRule usesAddresses =
            classes()
                    .should()
                    .onlyDependOnClassesThat()
                    .resideInAnyPackage(
                            ROOT,
                            "dev.culvert.net",
                            "dev.culvert.linux",
                            "dev.culvert.linux.netlink",
                            "java.io",
                            "java.lang..",
                            "java.net",
                            "java.nio.charset",
                            "java.security",
                            "java.time",
                            "java.util..",
                            "org.jspecify..",
                            "");

    @ArchTest
    static final ArchRule onlyOneRunsPrograms =
            noClasses()
                    .that()
                    .doNotBelongToAnyOf(ProcessCommand.class)
                    .should()
                    .dependOnClassesThat()
                    .belongToAnyOf(ProcessBuilder.class, Process.class, Runtime.class);

    @ArchTest
    static final ArchRule nobodySleeps =
            noClasses()
                    .should()
                    .callMethod(Thread.class, "sleep", long.class)
                    .orShould()
                    .callMethod(Thread.class, "sleep", Duration.class);

    @ArchTest
    static final ArchRule nobodyPrints =
            GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

    @ArchTest
    static final ArchRule nobodyLogsWithJul =
            GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
}
