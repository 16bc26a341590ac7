package dev.culvert.agent.config;

import dev.culvert.net.Cidr;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The agent's configuration, checked. Immutable, any thread. Components are the {@link Settings} of
 * the same name, {@code underlayInterface} being {@code interface}; {@code dataPath} and {@code
 * cniFiles} hold several of them.
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
        Path runDir,
        CniFilesConfig cniFiles,
        InetAddress httpAddress,
        int httpPort,
        String kubeApiServer,
        String logLevel) {

    /** Where the file is when nobody says otherwise; there it may be missing. */
    public static final Path DEFAULT_FILE = Path.of("/etc/culvert/culvert.yaml");

    private static final int MOST_DEFAULT_LOOPS = 4;

    /** The kernel's default for vxlan devices, which flannel keeps. */
    private static final int FLANNEL_PORT = 8472;

    /** All defaults. */
    public static AgentConfig defaults() {
        return of(defaultValues());
    }

    /**
     * Reads {@code file} and then the variables {@code CULVERT_*} of {@code environment}, which
     * override it.
     *
     * @throws ConfigException for the first thing that is wrong; nothing is used then
     */
    public static AgentConfig load(Path file, Map<String, String> environment)
            throws ConfigException {
        boolean absent = file.equals(DEFAULT_FILE) && Files.notExists(file);
        return from(file.toString(), absent ? Map.of() : ConfigFile.read(file), environment);
    }

    static AgentConfig parse(String file, String text, Map<String, String> environment)
            throws ConfigException {
        return from(file, ConfigFile.parse(file, text), environment);
    }

    private static AgentConfig from(
            String file, Map<String, ConfigFile.Entry> entries, Map<String, String> environment)
            throws ConfigException {
        Map<Setting<?>, Object> values = defaultValues();
        Map<String, Setting<?>> byName =
                Settings.all().stream().collect(Collectors.toMap(Setting::name, each -> each));
        for (Map.Entry<String, ConfigFile.Entry> each : entries.entrySet()) {
            Setting<?> setting = byName.get(each.getKey());
            String where = "%s line %d".formatted(file, each.getValue().line());
            if (setting == null) {
                throw new ConfigException(
                        "%s: unknown key '%s'; the keys are %s"
                                .formatted(where, each.getKey(), names()));
            }
            values.put(setting, fromFile(setting, where, each.getValue()));
        }
        for (Setting<?> setting : Settings.all()) {
            String text = environment.get(setting.variable());
            if (text != null) {
                values.put(setting, fromVariable(setting, text));
            }
        }
        boolean portIsSet =
                entries.containsKey(Settings.PORT.name())
                        || environment.containsKey(Settings.PORT.variable());
        if (get(values, Settings.INTEROP) == Interop.FLANNEL && !portIsSet) {
            values.put(Settings.PORT, FLANNEL_PORT);
        }
        return of(values);
    }

    private static Object fromFile(Setting<?> setting, String where, ConfigFile.Entry entry)
            throws ConfigException {
        String value =
                entry.list() ? entry.items().toString() : "'" + entry.items().getFirst() + "'";
        if (entry.list() != setting.list()) {
            throw refused(where + ": " + setting.name(), value, setting, "");
        }
        try {
            return setting.parse(entry.items());
        } catch (IllegalArgumentException e) {
            throw refused(where + ": " + setting.name(), value, setting, detail(e));
        }
    }

    private static Object fromVariable(Setting<?> setting, String text) throws ConfigException {
        try {
            return setting.parse(text);
        } catch (IllegalArgumentException e) {
            throw refused(
                    "environment variable " + setting.variable(),
                    "'" + text + "'",
                    setting,
                    detail(e));
        }
    }

    private static ConfigException refused(
            String what, String value, Setting<?> setting, String detail) {
        return new ConfigException(
                "%s is %s, but it must be %s%s".formatted(what, value, setting.allowed(), detail));
    }

    /** What an address or a CIDR parser has to say goes along; a number parser adds nothing. */
    private static String detail(IllegalArgumentException e) {
        String message = e.getMessage();
        boolean useful =
                message != null
                        && (message.contains("/")
                                || message.contains("address")
                                || message.contains("expression"));
        return useful ? " (" + message + ")" : "";
    }

    private static String names() {
        return Settings.all().stream().map(Setting::name).collect(Collectors.joining(", "));
    }

    private static Map<Setting<?>, Object> defaultValues() {
        Map<Setting<?>, Object> values = new HashMap<>();
        for (Setting<?> setting : Settings.all()) {
            values.put(setting, setting.parse(setting.defaultText()));
        }
        return values;
    }

    private static AgentConfig of(Map<Setting<?>, Object> values) {
        return new AgentConfig(
                get(values, Settings.CLUSTER_CIDRS),
                get(values, Settings.VNI),
                get(values, Settings.PORT),
                get(values, Settings.BRIDGE),
                get(values, Settings.TUNNEL),
                get(values, Settings.UNDERLAY_MTU),
                get(values, Settings.INTERFACE),
                get(values, Settings.INTEROP),
                get(values, Settings.LOOPS),
                get(values, Settings.TRANSMIT_QUEUE_LENGTH),
                dataPath(values),
                get(values, Settings.RUN_DIR),
                cniFiles(values),
                get(values, Settings.HTTP_ADDRESS),
                get(values, Settings.HTTP_PORT),
                get(values, Settings.KUBE_API_SERVER),
                get(values, Settings.LOG_LEVEL));
    }

    private static DataPathConfig dataPath(Map<Setting<?>, Object> values) {
        return new DataPathConfig(
                get(values, Settings.TUN_OFFLOAD),
                get(values, Settings.UDP_SEGMENTATION),
                get(values, Settings.UDP_RECEIVE_OFFLOAD),
                get(values, Settings.COALESCING),
                get(values, Settings.REMOTE_CHECKSUM),
                get(values, Settings.DSCP),
                get(values, Settings.SPIN_MICROS),
                get(values, Settings.ICMP_ERRORS));
    }

    private static CniFilesConfig cniFiles(Map<Setting<?>, Object> values) {
        return new CniFilesConfig(
                get(values, Settings.CNI_CONF_DIR),
                get(values, Settings.CNI_BIN_DIR),
                get(values, Settings.CNI_EXECUTABLE),
                get(values, Settings.CNI_CHAINED));
    }

    @SuppressWarnings("unchecked") // each value was made by its own setting's parser
    private static <T> T get(Map<Setting<?>, Object> values, Setting<T> setting) {
        return (T) java.util.Objects.requireNonNull(values.get(setting));
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
        printable.put("runDir", runDir.toString());
        printable.putAll(cniFiles.printable());
        printable.put("http", httpAddress.getHostAddress() + ":" + httpPort);
        printable.put("kubeApiServer", kubeApiServer);
        printable.put("logLevel", logLevel);
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
