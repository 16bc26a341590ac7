package dev.culvert.agent;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

@AnalyzeClasses(
        packages = "dev.culvert.agent",
        importOptions = ImportOption.DoNotIncludeTests.class)
final class DependencyTest {
    private static final String ROOT = "dev.culvert.agent";
    private static final String CONFIG = ROOT + ".config";
    private static final String STATE = ROOT + ".state";
    private static final String KUBE = ROOT + ".kube";
    private static final String IPAM = ROOT + ".ipam";
    private static final String SANDBOX = ROOT + ".sandbox";
    private static final String CNI = ROOT + ".cni";
    private static final String SYNC = ROOT + ".sync";
    private static final String ATTACHMENT = ROOT + ".attachment";
    private static final String RULES = ROOT + ".rules";
    private static final String HTTP = ROOT + ".http";
    private static final String INSTALL = ROOT + ".install";
    private static final String PROBE = ROOT + ".probe";
    private static final String METERS = ROOT + ".metrics";
    private static final String STATUS = ROOT + ".status";
    private static final String COMMAND = ROOT + ".command";
    private static final String CAPTURE = ROOT + ".capture";
    private static final String PING = ROOT + ".ping";
    private static final String LOGGING = ROOT + ".log";
    private static final String DOCTOR = ROOT + ".doctor";
    private static final String TRACE = ROOT + ".trace";
    private static final String ADMIN = ROOT + ".admin";
    private static final String HANDOVER = ROOT + ".handover";
    private static final String POLICY = ROOT + ".policy";
    private static final String NET = "dev.culvert.net";
    private static final String LINUX = "dev.culvert.linux";
    private static final String ROUTE = LINUX + ".route";
    private static final String TUN = LINUX + ".tun";
    private static final String NETNS = LINUX + ".netns";
    private static final String ICMP = LINUX + ".icmp";
    private static final String CONNTRACK = LINUX + ".conntrack";
    private static final String VETH = LINUX + ".veth";
    private static final String OVERLAY = "dev.culvert.overlay";
    private static final String FDB = OVERLAY + ".fdb";
    private static final String ENCAP = OVERLAY + ".encap";
    private static final String IPTABLES = "dev.culvert.iptables";
    private static final String LOG = "org.apache.logging.log4j";
    private static final String JSON = "tools.jackson..";
    private static final String PICOCLI = "picocli";
    private static final String METRICS = "io.micrometer..";
    private static final String KUBERNETES = "io.fabric8..";

    @ArchTest
    static final ArchRule configUsesYaml = only(CONFIG, NET, "org.snakeyaml..", METRICS, LOG);

    @ArchTest static final ArchRule stateUsesValues = only(STATE, POLICY, NET, FDB);
    @ArchTest static final ArchRule policyRendersRules = only(POLICY, NET, IPTABLES, JSON);
    @ArchTest static final ArchRule ipamUsesAddresses = only(IPAM, NET, LOG);
    @ArchTest static final ArchRule installUsesFiles = only(INSTALL, CONFIG, JSON, LOG);
    @ArchTest static final ArchRule httpUsesNothing = only(HTTP, "com.sun.net.httpserver");

    @ArchTest static final ArchRule probeAsksPeers = only(PROBE, STATE, NET, LINUX, ICMP, LOG);

    @ArchTest
    static final ArchRule metricsShowWhatOthersCount =
            only(
                    METERS,
                    STATE,
                    CONFIG,
                    STATUS,
                    PROBE,
                    SYNC,
                    RULES,
                    POLICY,
                    IPTABLES,
                    OVERLAY,
                    FDB,
                    METRICS,
                    "io.prometheus.client..",
                    "com.sun.management");

    @ArchTest static final ArchRule statusIsValues = only(STATUS);

    @ArchTest
    static final ArchRule commandsAskTheAgent =
            only(
                    COMMAND,
                    ADMIN,
                    CAPTURE,
                    DOCTOR,
                    "javax.net..",
                    STATUS,
                    CONFIG,
                    INSTALL,
                    IPTABLES,
                    NET,
                    JSON,
                    PICOCLI);

    @ArchTest
    static final ArchRule traceReads =
            only(TRACE, STATUS, STATE, IPAM, SANDBOX, POLICY, IPTABLES, NET, LINUX, ROUTE, FDB);

    @ArchTest static final ArchRule handoverLocksFiles = only(HANDOVER, LOG);

    @ArchTest static final ArchRule captureWritesPackets = only(CAPTURE, NET, LINUX);

    @ArchTest static final ArchRule doctorReadsFiles = only(DOCTOR, CONFIG, STATUS);

    @ArchTest static final ArchRule logUsesItsLibrary = only(LOGGING, LOG + "..");

    @ArchTest static final ArchRule pingUsesTheSocket = only(PING, NET, LINUX, LINUX + ".icmp");

    @ArchTest static final ArchRule adminTakesHandlers = only(ADMIN, LINUX, JSON, LOG);

    @ArchTest
    static final ArchRule kubeYieldsState =
            only(KUBE, STATE, POLICY, NET, IPTABLES, KUBERNETES, JSON, METRICS, LOG);

    @ArchTest
    static final ArchRule sandboxUsesTheKernel = only(SANDBOX, NET, LINUX, ROUTE, NETNS, VETH, LOG);

    @ArchTest
    static final ArchRule cniAttaches =
            only(
                    CNI,
                    ATTACHMENT,
                    IPTABLES,
                    IPAM,
                    SANDBOX,
                    STATE,
                    NET,
                    LINUX,
                    ROUTE,
                    NETNS,
                    JSON,
                    METRICS,
                    LOG);

    @ArchTest
    static final ArchRule syncFollowsState =
            only(
                    SYNC,
                    STATE,
                    CONFIG,
                    ATTACHMENT,
                    IPAM,
                    SANDBOX,
                    RULES,
                    POLICY,
                    IPTABLES,
                    NET,
                    LINUX,
                    ROUTE,
                    CONNTRACK,
                    TUN,
                    OVERLAY,
                    FDB,
                    ENCAP,
                    LOG);

    @ArchTest
    static final ArchRule rulesAreValues =
            only(
                    RULES,
                    STATE,
                    CONFIG,
                    ATTACHMENT,
                    IPAM,
                    SANDBOX,
                    IPTABLES,
                    NET,
                    LINUX,
                    LINUX + ".conntrack",
                    LOG);

    @ArchTest
    static final ArchRule attachmentsAreValues = only(ATTACHMENT, IPAM, IPTABLES, NET, LOG);

    @ArchTest
    static final ArchRule nobodyUsesRoot =
            noClasses()
                    .that()
                    .resideOutsideOfPackage(ROOT)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(ROOT);

    @ArchTest
    static final ArchRule onlyKubeAndRootUseTheClient =
            noClasses()
                    .that()
                    .resideOutsideOfPackages(ROOT, KUBE)
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage(KUBERNETES);

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.culvert.agent.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule nobodyLinks =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .belongToAnyOf(Linker.class, SymbolLookup.class, MemorySegment.class);

    @ArchTest
    static final ArchRule nobodyRunsCommands =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .belongToAnyOf(ProcessBuilder.class, Process.class);

    @ArchTest
    static final ArchRule onlyMainReadsTheEnvironment =
            noClasses()
                    .that()
                    .doNotBelongToAnyOf(Main.class)
                    .should()
                    .callMethod(System.class, "getenv")
                    .orShould()
                    .callMethod(System.class, "getenv", String.class);

    @ArchTest
    static final ArchRule nobodySleeps =
            noClasses()
                    .should()
                    .callMethod(Thread.class, "sleep", long.class)
                    .orShould()
                    .callMethod(Thread.class, "sleep", Duration.class);

    /** The command line prints too, but through picocli's writers. */
    @ArchTest
    static final ArchRule nobodyPrints =
            GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

    @ArchTest
    static final ArchRule nobodyLogsWithJul =
            GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

    private static ArchRule only(String own, String... others) {
        List<String> allowed = new ArrayList<>(List.of(own, "java..", "org.jspecify..", ""));
        allowed.addAll(List.of(others));
        return classes()
                .that()
                .resideInAPackage(own)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed.toArray(String[]::new));
    }
}
