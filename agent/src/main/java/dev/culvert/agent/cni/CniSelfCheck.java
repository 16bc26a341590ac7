package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.culvert.linux.Descriptor;
import dev.culvert.linux.LinuxException;
import dev.culvert.linux.UnixSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Asks the agent's own CNI socket as the executable would, with the verb VERSION, which needs
 * nothing but a worker. Any thread; an answer may take as long as {@link #PATIENCE}.
 */
final class CniSelfCheck {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String PAYLOAD =
            "CNI_COMMAND=VERSION\0\0{\"cniVersion\":\"1.1.0\",\"name\":\"culvert\"}";

    private CniSelfCheck() {}

    /** Why pods cannot be attached, a sentence; empty when the socket is served. */
    static String problem(Path path) {
        List<Descriptor> passed = new ArrayList<>();
        try (UnixSocket socket = UnixSocket.connect(path)) {
            socket.setTimeout(PATIENCE);
            socket.send(CniFraming.request(PAYLOAD.getBytes(UTF_8)));
            byte[] header = new byte[CniFraming.HEADER_BYTES];
            int received = socket.receive(header, 0, header.length, passed);
            return CniFraming.isSuccess(header, received)
                    ? ""
                    : "the CNI socket %s does not answer as it should".formatted(path);
        } catch (LinuxException e) {
            return "the CNI socket %s is not served (%s)".formatted(path, e.getMessage());
        } finally {
            passed.forEach(Descriptor::close);
        }
    }
}
