package dev.culvert.overlay;

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
        packages = "dev.culvert.overlay",
        importOptions = ImportOption.DoNotIncludeTests.class)
final class DependencyTest {
    private static final String ROOT = "dev.culvert.overlay";
    private static final String PACKET = ROOT + ".packet";
    private static final String OFFLOAD = ROOT + ".offload";
    private static final String ENCAP = ROOT + ".encap";
    private static final String ICMP = ROOT + ".icmp";
    private static final String FDB = ROOT + ".fdb";
    private static final String CHANNEL = ROOT + ".channel";
    private static final String LINUX = "dev.culvert.linux";
    private static final String LIBC = LINUX + ".libc";
    private static final String TUN = LINUX + ".tun";
    private static final String NET = "dev.culvert.net";
    private static final String NETTY = "io.netty..";

    @ArchTest static final ArchRule packetUsesNothing = only(PACKET);
    @ArchTest static final ArchRule fdbUsesAddresses = only(FDB, NET);
    @ArchTest static final ArchRule encapUsesPackets = only(ENCAP, PACKET, NET);
    @ArchTest static final ArchRule offloadUsesPackets = only(OFFLOAD, PACKET, ENCAP, LINUX);
    @ArchTest static final ArchRule icmpUsesPackets = only(ICMP, PACKET, OFFLOAD, NET);
    @ArchTest static final ArchRule channelUsesNetty = only(CHANNEL, LINUX, LIBC, TUN, NETTY);

    @ArchTest
    static final ArchRule rootUsesAll =
            only(
                    ROOT,
                    PACKET,
                    OFFLOAD,
                    ENCAP,
                    ICMP,
                    FDB,
                    CHANNEL,
                    LINUX,
                    TUN,
                    NET,
                    NETTY,
                    "io.micrometer..");

    @ArchTest
    static final ArchRule noCycles =
            slices().matching("dev.culvert.overlay.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule nobodyLinks =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .belongToAnyOf(Linker.class, SymbolLookup.class);

    @ArchTest
    static final ArchRule nobodyReinterprets =
            noClasses().should().callMethod(MemorySegment.class, "reinterpret", long.class);

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
