package dev.culvert.agent.command;

import dev.culvert.agent.capture.PacketView;
import dev.culvert.agent.capture.PcapngReader;
import dev.culvert.agent.config.ConfigException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code culvert capture}. */
@Command(
        name = "capture",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Copy the packets of the overlay, as pods see them (--inner) or as they are between"
                        + " the nodes (--outer), into a pcapng file, or print a line for each.",
        footer = {
            "",
            "Examples:",
            "  culvert capture --host 10.244.1.5 --count 20",
            "  culvert capture --outer --peer worker-2 --seconds 30 -w /tmp/outer.pcapng",
            "  culvert capture --port 53 -w - | tshark -r -"
        })
final class CaptureCommand implements Callable<Integer> {
    private static final long NANOS = 1_000_000_000;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS").withZone(ZoneId.systemDefault());

    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();
    @Mixin private AgentAddress agent = new AgentAddress();
    @ArgGroup private Side side = new Side();

    @Option(names = "--peer", paramLabel = "NODE", description = "Only packets from or to it.")
    private @Nullable String peer;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            description = "Only packets inside from or to this address, or network as a CIDR.")
    private @Nullable String host;

    @Option(names = "--port", paramLabel = "N", description = "Only from or to this port inside.")
    private @Nullable Integer port;

    @Option(
            names = "--protocol",
            paramLabel = "NAME",
            description = "Only icmp, icmpv6, tcp, udp or sctp inside.")
    private @Nullable String protocol;

    @Option(
            names = "--count",
            paramLabel = "N",
            description = "End after so many packets; default ${DEFAULT-VALUE}.",
            defaultValue = "10000")
    private int count;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "End after so long; default ${DEFAULT-VALUE}.",
            defaultValue = "60")
    private int seconds;

    @Option(
            names = "--max-bytes",
            paramLabel = "B",
            description = "End before the file is larger; default ${DEFAULT-VALUE}.",
            defaultValue = "67108864")
    private int bytes;

    @Option(
            names = "--snaplen",
            paramLabel = "B",
            description = "Bytes to keep of each packet; default: all.",
            defaultValue = "65536")
    private int snapLength;

    @Option(
            names = {"-w", "--write"},
            paramLabel = "FILE",
            description = "Write pcapng to a new file, or to standard output for -.")
    private @Nullable String file;

    /** Which packets. */
    static final class Side {
        @Option(names = "--inner", description = "Packets of pods, at the TUN device; the default.")
        private boolean inner;

        @Option(names = "--outer", description = "Packets between nodes, at the underlay.")
        private boolean outer;

        boolean isOuter() {
            return outer && !inner;
        }
    }

    CaptureCommand(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws ConfigException, IOException {
        if (file == null) {
            receive(null);
        } else if (file.equals("-")) {
            try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
                receive(out);
            }
        } else {
            try (OutputStream out = Files.newOutputStream(Path.of(file))) {
                receive(out);
            }
        }
        return 0;
    }

    private void receive(@Nullable OutputStream to) throws ConfigException, IOException {
        agent.client(environment).stream("/v1/capture", query(), answer -> copy(answer, to));
    }

    private void copy(InputStream answer, @Nullable OutputStream to) throws IOException {
        PcapngReader reader = new PcapngReader(answer);
        long packets = 0;
        PcapngReader.Block block;
        while ((block = reader.next()) != null) {
            if (to != null) {
                block.writeTo(to);
            } else if (block.isPacket()) {
                print(block);
            }
            packets += block.isPacket() ? 1 : 0;
            if (block.isLast()) {
                summarize(packets, block.dropped());
                return;
            }
        }
        throw new IOException("the capture broke off after %d packets".formatted(packets));
    }

    private void print(PcapngReader.Block block) {
        byte[] bytes = block.packet();
        PacketView whole = PacketView.of(bytes, 0);
        PacketView inside = whole == null || !side.isOuter() ? null : whole.inside(bytes);
        Instant time = Instant.ofEpochSecond(block.nanos() / NANOS, block.nanos() % NANOS);
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%s %-7s %s%s%n",
                TIME.format(time),
                block.isOutgoing() ? "egress" : "ingress",
                whole == null ? "no IP packet" : whole,
                inside == null ? "" : " { " + inside + " }");
        out.flush();
    }

    private void summarize(long packets, long dropped) {
        PrintWriter out = spec.commandLine().getErr();
        out.printf("%d packets captured, %d lost by the capture%n", packets, dropped);
        out.flush();
    }

    private Map<String, String> query() {
        Map<String, String> query = new LinkedHashMap<>();
        query.put("side", side.isOuter() ? "outer" : "inner");
        query.put("count", Integer.toString(count));
        query.put("seconds", Integer.toString(seconds));
        query.put("bytes", Integer.toString(bytes));
        query.put("snaplen", Integer.toString(snapLength));
        put(query, "peer", peer);
        put(query, "host", host);
        put(query, "port", port);
        put(query, "protocol", protocol);
        return query;
    }

    private static void put(Map<String, String> query, String name, @Nullable Object value) {
        if (value != null) {
            query.put(name, value.toString());
        }
    }
}
