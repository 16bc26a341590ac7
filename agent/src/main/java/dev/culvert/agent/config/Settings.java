package dev.culvert.agent.config;

import dev.culvert.net.Cidr;
import dev.culvert.net.IpAddresses;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Every setting there is. Constants, any thread. Those {@code whileRunning} are read from the
 * current configuration each time they are used, so that a new one takes effect at once.
 */
public final class Settings {
    private static final Pattern LINK_NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}");
    private static final Pattern PLUGIN_NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
    private static final Set<String> DSCPS = Set.of("none", "inherit");
    private static final Set<String> INTEROPS = Set.of("none", "flannel");
    private static final Set<String> FLAGS = Set.of("true", "false");
    private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug", "trace");
    private static final Set<String> FORMATS = Set.of("text", "json");

    /** See its text. */
    public static final Setting<List<Cidr>> CLUSTER_CIDRS =
            new Setting<>(
                    "clusterCidrs",
                    "",
                    true,
                    "a list of CIDRs that do not overlap",
                    "The ranges that all nodes' pod CIDRs lie in: one kernel route each. Empty: the"
                            + " nodes' own CIDRs are routed.",
                    Settings::cidrs);

    /** See its text. */
    public static final Setting<Integer> VNI =
            number("vni", 1, 1, 0xffffff, "The VXLAN network id, the same on all nodes.");

    /** See its text. */
    public static final Setting<Integer> PORT =
            number("port", 4789, 1, 65535, "The UDP port of the overlay on this node.");

    /** See its text. */
    public static final Setting<String> BRIDGE =
            linkName("bridge", "culvert0", "The bridge that this node's pods are attached to.");

    /** See its text. */
    public static final Setting<String> TUNNEL =
            linkName("tunnel", "culvert.tun", "The TUN device between the kernel and the overlay.");

    /** See its text. */
    public static final Setting<Integer> UNDERLAY_MTU =
            new Setting<Integer>(
                            "underlayMtu",
                            "0",
                            false,
                            "0, or a whole number from 576 to 65535",
                            "The largest packet in bytes that the network between the nodes carries; 0 takes"
                                    + " it from the interface of the node's address.",
                            items -> mtu(single(items)))
                    .whileRunning();

    /** See its text. */
    public static final Setting<InterfaceSelector> INTERFACE =
            new Setting<InterfaceSelector>(
                            "interface",
                            "",
                            false,
                            "empty, an interface name, a CIDR, or a regular expression between slashes",
                            "Where this node meets the others if none of its Node's InternalIPs is on this"
                                    + " machine: the interface with this name, with an address in this"
                                    + " CIDR, or with a name that matches.",
                            items -> InterfaceSelector.parse(single(items)))
                    .whileRunning();

    /** See its text. */
    public static final Setting<Interop> INTEROP =
            new Setting<>(
                    "interop",
                    "none",
                    false,
                    "none or flannel",
                    "Whose nodes are peers besides Culvert's own. With flannel, its annotations are"
                            + " read and written, and `port` is 8472 unless it is set.",
                    items ->
                            Interop.valueOf(
                                    oneOf(single(items), INTEROPS).toUpperCase(Locale.ROOT)));

    /** See its text. */
    public static final Setting<Integer> LOOPS =
            number(
                            "loops",
                            0,
                            0,
                            256,
                            "Event loops of the data path; 0 is one for each core, at most 4.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Integer> TRANSMIT_QUEUE_LENGTH =
            number(
                            "transmitQueueLength",
                            1000,
                            1,
                            1_000_000,
                            "Packets that wait in the TUN device while the agent is busy or away.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> TUN_OFFLOAD =
            flag("tunOffload", "Exchange super-packets and unfinished checksums with the kernel.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> UDP_SEGMENTATION =
            flag("udpSegmentation", "Send several datagrams to a peer in one call.").whileRunning();

    /** See its text. */
    public static final Setting<Boolean> UDP_RECEIVE_OFFLOAD =
            flag("udpReceiveOffload", "Receive several datagrams of a peer in one message.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> COALESCING =
            flag("coalescing", "Hand consecutive packets of a flow to the kernel as one.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> REMOTE_CHECKSUM =
            flag(
                            "remoteChecksum",
                            "Leave the checksums inside to the receiving node, where both nodes' agents do;"
                                    + " the checksum of the packet outside guards them on the way.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<String> DSCP =
            new Setting<String>(
                            "dscp",
                            "none",
                            false,
                            "none or inherit",
                            "The priority (DSCP) of packets between the nodes: none, or that of the pod's"
                                    + " packet.",
                            items -> oneOf(single(items), DSCPS))
                    .whileRunning();

    /** See its text. */
    public static final Setting<Integer> SPIN_MICROS =
            number(
                            "spinMicros",
                            50,
                            0,
                            1000,
                            "How many microseconds a busy event loop looks for more packets before it"
                                    + " sleeps; 0 is never. More lowers latency and costs CPU.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> ICMP_ERRORS =
            flag(
                            "icmpErrors",
                            "Tell pods by ICMP when their packets are too big or have no node to go to.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> PEER_PROBE =
            flag(
                            "peerProbe",
                            "Ask the other nodes through the overlay whether they are there, for their"
                                    + " state, round-trip time and loss.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Integer> PEER_METRICS =
            number(
                            "peerMetrics",
                            100,
                            0,
                            10_000,
                            "How many other nodes may have metrics of their own; with more nodes only"
                                    + " those that are not well have.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> MASQUERADE =
            flag(
                            "masquerade",
                            "Give pods' packets that leave the cluster this node's address. Between"
                                    + " pods, and between pods and nodes, addresses always stay.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<List<Cidr>> NON_MASQUERADE_CIDRS =
            new Setting<List<Cidr>>(
                            "nonMasqueradeCIDRs",
                            "",
                            true,
                            "a list of CIDRs that do not overlap",
                            "Where pods keep their own addresses besides the cluster, such as a"
                                    + " company's network that has routes to the pods.",
                            Settings::cidrs)
                    .whileRunning();

    /** See its text. */
    public static final Setting<Boolean> MASQUERADE_RANDOM_FULLY =
            flag(
                            "masqueradeRandomFully",
                            "Choose the source ports of masqueraded connections at random, so that"
                                    + " two that begin at the same moment hardly ever get the same.")
                    .whileRunning();

    /** See its text. */
    public static final Setting<Path> RUN_DIR =
            new Setting<>(
                    "runDir",
                    "/run/culvert",
                    false,
                    "an absolute path",
                    "The directory of the agent's socket and of what must not outlive a boot.",
                    items -> absolute(single(items)));

    /** See its text. */
    public static final Setting<Path> CNI_CONF_DIR =
            new Setting<>(
                    "cniConfDir",
                    "",
                    false,
                    "empty, or an absolute path",
                    "Where the container runtime looks for network lists, usually /etc/cni/net.d:"
                            + " the agent puts Culvert's there once pods can be attached. Empty: it"
                            + " installs nothing.",
                    items -> absoluteOrEmpty(single(items)));

    /** See its text. */
    public static final Setting<Path> CNI_BIN_DIR =
            new Setting<>(
                    "cniBinDir",
                    "/opt/cni/bin",
                    false,
                    "an absolute path",
                    "Where the container runtime looks for CNI executables: the agent puts"
                            + " culvert-cni there before the network list.",
                    items -> absolute(single(items)));

    /** See its text. */
    public static final Setting<Path> CNI_EXECUTABLE =
            new Setting<>(
                    "cniExecutable",
                    "",
                    false,
                    "empty, or an absolute path",
                    "Where the agent takes culvert-cni from. Empty: from the folder of culvert.jar.",
                    items -> absoluteOrEmpty(single(items)));

    /** See its text. */
    public static final Setting<List<String>> CNI_CHAINED =
            new Setting<List<String>>(
                            "cniChained",
                            "",
                            true,
                            "a list of names of CNI plugins",
                            "Plugins that follow Culvert's in the network list, each an executable in"
                                    + " cniBinDir; portmap gives pods their hostPorts.",
                            items -> items.stream().map(Settings::pluginName).toList())
                    .whileRunning();

    /** See its text. */
    public static final Setting<InetAddress> HTTP_ADDRESS =
            new Setting<>(
                    "httpAddress",
                    "127.0.0.1",
                    false,
                    "an IP address",
                    "Where health, status and metrics are served. The default is reachable from the"
                            + " node only, which is enough for the kubelet's probes (host:"
                            + " 127.0.0.1) and the command line; set 0.0.0.0 or the node's address"
                            + " for a Prometheus elsewhere.",
                    items -> IpAddresses.parse(single(items)));

    /** See its text. */
    public static final Setting<Integer> HTTP_PORT =
            number("httpPort", 9473, 1, 65535, "The TCP port of health, status and metrics.");

    /** See its text. */
    public static final Setting<String> KUBE_API_SERVER =
            new Setting<>(
                    "kubeApiServer",
                    "",
                    false,
                    "empty, or a URL such as https://10.0.0.1:6443",
                    "The Kubernetes API to use instead of the one in the kubeconfig or the pod's"
                            + " environment, for when the Service address does not work yet.",
                    items -> url(single(items)));

    /** See its text. */
    public static final Setting<String> LOG_LEVEL =
            new Setting<String>(
                            "logLevel",
                            "info",
                            false,
                            "error, warn, info, debug or trace",
                            "How much the agent logs.",
                            items -> oneOf(single(items), LEVELS))
                    .whileRunning();

    /** See its text. */
    public static final Setting<String> LOG_FORMAT =
            new Setting<String>(
                            "logFormat",
                            "text",
                            false,
                            "text or json",
                            "The form of a line of the log: key=value for people, or an object.",
                            items -> oneOf(single(items), FORMATS))
                    .whileRunning();

    private static final List<Setting<?>> ALL =
            List.of(
                    CLUSTER_CIDRS,
                    VNI,
                    PORT,
                    BRIDGE,
                    TUNNEL,
                    UNDERLAY_MTU,
                    INTERFACE,
                    INTEROP,
                    LOOPS,
                    TRANSMIT_QUEUE_LENGTH,
                    TUN_OFFLOAD,
                    UDP_SEGMENTATION,
                    UDP_RECEIVE_OFFLOAD,
                    COALESCING,
                    REMOTE_CHECKSUM,
                    DSCP,
                    SPIN_MICROS,
                    ICMP_ERRORS,
                    PEER_PROBE,
                    PEER_METRICS,
                    MASQUERADE,
                    NON_MASQUERADE_CIDRS,
                    MASQUERADE_RANDOM_FULLY,
                    RUN_DIR,
                    CNI_CONF_DIR,
                    CNI_BIN_DIR,
                    CNI_EXECUTABLE,
                    CNI_CHAINED,
                    HTTP_ADDRESS,
                    HTTP_PORT,
                    KUBE_API_SERVER,
                    LOG_LEVEL,
                    LOG_FORMAT);

    private Settings() {}

    /** All of them, in the order of the documentation. */
    public static List<Setting<?>> all() {
        return ALL;
    }

    private static Setting<Integer> number(
            String name, int byDefault, int least, int most, String doc) {
        return new Setting<>(
                name,
                Integer.toString(byDefault),
                false,
                "a whole number from %d to %d".formatted(least, most),
                doc,
                items -> inRange(single(items), least, most));
    }

    private static Setting<Boolean> flag(String name, String doc) {
        return new Setting<>(
                name,
                "true",
                false,
                "true or false",
                doc,
                items -> Boolean.valueOf(oneOf(single(items), FLAGS)));
    }

    private static Setting<String> linkName(String name, String byDefault, String doc) {
        return new Setting<>(
                name,
                byDefault,
                false,
                "an interface name: 1 to 15 letters, digits, '_', '.' or '-'",
                doc,
                items -> matching(single(items)));
    }

    private static String single(List<String> items) {
        if (items.size() != 1) {
            throw new IllegalArgumentException("one value is expected");
        }
        return items.getFirst();
    }

    private static int inRange(String text, int least, int most) {
        int value = Integer.parseInt(text);
        require(value >= least && value <= most);
        return value;
    }

    private static int mtu(String text) {
        int value = Integer.parseInt(text);
        require(value == 0 || (value >= 576 && value <= 65535));
        return value;
    }

    private static String matching(String text) {
        require(LINK_NAME.matcher(text).matches());
        return text;
    }

    private static Path absolute(String text) {
        Path path = Path.of(text);
        require(path.isAbsolute());
        return path;
    }

    private static Path absoluteOrEmpty(String text) {
        return text.isEmpty() ? Path.of("") : absolute(text);
    }

    private static String pluginName(String text) {
        require(PLUGIN_NAME.matcher(text).matches());
        return text;
    }

    private static String url(String text) {
        if (!text.isEmpty()) {
            URI uri = URI.create(text);
            require("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()));
            require(uri.getHost() != null);
        }
        return text;
    }

    private static String oneOf(String text, Set<String> values) {
        String lower = text.toLowerCase(Locale.ROOT);
        require(values.contains(lower));
        return lower;
    }

    private static List<Cidr> cidrs(List<String> items) {
        List<Cidr> cidrs = items.stream().map(Cidr::parse).toList();
        for (int i = 0; i < cidrs.size(); i++) {
            for (Cidr later : cidrs.subList(i + 1, cidrs.size())) {
                require(!cidrs.get(i).overlaps(later));
            }
        }
        return cidrs;
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new IllegalArgumentException("not allowed");
        }
    }
}
