package dev.culvert.agent.config;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The agent's configuration, checked. Immutable, any thread. Components are the {@link Settings} of
 * the same name, {@code underlayInterface} being {@code interface}; {@code dataPath}, {@code
 * probe}, {@code rules} and {@code cniFiles} hold several of them.
 */
public record AgentConfig(
        List<Cidr> clusterCidrs,
        int vni,
        int port,
        String bridge,
        String tunnel,
        int underlayMtu,
        InterfaceSelector underlayInterface,
        Interop interop,
        int loops,
        int transmitQueueLength,
        DataPathConfig dataPath,
        ProbeConfig probe,
        RulesConfig rules,
        Path runDir,
        CniFilesConfig cniFiles,
        InetAddress httpAddress,
        int httpPort,
        String kubeApiServer,
        String logLevel,
        String logFormat) {

    /** Where the file is when nobody says otherwise; there it may be missing. */
    public static final Path DEFAULT_FILE = Path.of("/etc/culvert/culvert.yaml");

    private static final int MOST_DEFAULT_LOOPS = 4;

    /** All defaults. */
    public static AgentConfig defaults() {
        return of(ConfigValues.defaults());
    }

    /**
     * Reads {@code file} and then the variables {@code CULVERT_*} of {@code environment}, which
     * override it.
     *
     * @throws ConfigException for the first thing that is wrong; nothing is used then
     */
    public static AgentConfig load(Path file, Map<String, String> environment)
            throws ConfigException {
        return ConfigWatch.open(file, environment).get();
    }

    static AgentConfig parse(String file, String text, Map<String, String> environment)
            throws ConfigException {
        return of(ConfigValues.parse(file, text, environment));
    }

    static AgentConfig of(ConfigValues values) {
        return new AgentConfig(
                values.get(Settings.CLUSTER_CIDRS),
                values.get(Settings.VNI),
                values.get(Settings.PORT),
                values.get(Settings.BRIDGE),
                values.get(Settings.TUNNEL),
                values.get(Settings.UNDERLAY_MTU),
                values.get(Settings.INTERFACE),
                values.get(Settings.INTEROP),
                values.get(Settings.LOOPS),
                values.get(Settings.TRANSMIT_QUEUE_LENGTH),
                dataPath(values),
                new ProbeConfig(values.get(Settings.PEER_PROBE), values.get(Settings.PEER_METRICS)),
                rules(values),
                values.get(Settings.RUN_DIR),
                cniFiles(values),
                values.get(Settings.HTTP_ADDRESS),
                values.get(Settings.HTTP_PORT),
                values.get(Settings.KUBE_API_SERVER),
                values.get(Settings.LOG_LEVEL),
                values.get(Settings.LOG_FORMAT));
    }

    private static DataPathConfig dataPath(ConfigValues values) {
        return new DataPathConfig(
                values.get(Settings.TUN_OFFLOAD),
                values.get(Settings.UDP_SEGMENTATION),
                values.get(Settings.UDP_RECEIVE_OFFLOAD),
                values.get(Settings.COALESCING),
                values.get(Settings.REMOTE_CHECKSUM),
                values.get(Settings.DSCP),
                values.get(Settings.SPIN_MICROS),
                values.get(Settings.ICMP_ERRORS));
    }

    private static RulesConfig rules(ConfigValues values) {
        return new RulesConfig(
                values.get(Settings.MASQUERADE),
                values.get(Settings.NON_MASQUERADE_CIDRS),
                values.get(Settings.MASQUERADE_RANDOM_FULLY));
    }

    private static CniFilesConfig cniFiles(ConfigValues values) {
        return new CniFilesConfig(
                values.get(Settings.CNI_CONF_DIR),
                values.get(Settings.CNI_BIN_DIR),
                values.get(Settings.CNI_EXECUTABLE),
                values.get(Settings.CNI_CHAINED));
    }

    /** Name and value of each setting, for the log. */
    public Map<String, String> printable() {
        Map<String, String> printable = new LinkedHashMap<>();
        printable.put("clusterCidrs", clusterCidrs.toString());
        printable.put("vni", Integer.toString(vni));
        printable.put("port", Integer.toString(port));
        printable.put("bridge", bridge);
        printable.put("tunnel", tunnel);
        printable.put("underlayMtu", Integer.toString(underlayMtu));
        printable.put("interface", underlayInterface.text());
        printable.put("interop", interop.text());
        printable.put("loops", Integer.toString(eventLoops()));
        printable.put("transmitQueueLength", Integer.toString(transmitQueueLength));
        printable.putAll(dataPath.printable());
        printable.putAll(probe.printable());
        printable.putAll(rules.printable());
        printable.put("runDir", runDir.toString());
        printable.putAll(cniFiles.printable());
        printable.put("http", httpAddress.getHostAddress() + ":" + httpPort);
        printable.put("kubeApiServer", kubeApiServer);
        printable.put("logLevel", logLevel);
        printable.put("logFormat", logFormat);
        return printable;
    }

    /** The number of event loops, with 0 replaced by what it stands for. */
    public int eventLoops() {
        return loops == 0 ? eventLoopsFor(Runtime.getRuntime().availableProcessors()) : loops;
    }

    /**
     * One for each core, since flows on different loops do not wait for each other, but no more
     * than four: the pods' own senders and receivers need cores too.
     */
    static int eventLoopsFor(int cores) {
        return Math.min(cores, MOST_DEFAULT_LOOPS);
    }
}
