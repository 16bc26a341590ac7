package dev.culvert.agent.attachment;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.culvert.agent.ipam.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * What this node's attachments have besides their addresses, kept in a file: a first line {@code
 * boot} with the kernel's boot id, then one for each. It is written as a whole before the ADD goes
 * on, beside its place and renamed. A file of an earlier boot says nothing, since its pods are
 * gone. Any thread.
 *
 * <p>Entries whose lease has ended mean nothing: whoever asks knows which leases there are.
 */
public final class AttachmentTable {
    private static final Logger LOG = LogManager.getLogger(AttachmentTable.class);

    private final Path file;
    private final String bootLine;
    private final Map<Endpoint, PodAttachment> attachments = new LinkedHashMap<>();

    /**
     * Reads nothing yet.
     *
     * @param file where it is kept; its folder exists before {@link #add} is called
     * @param bootId what {@code /proc/sys/kernel/random/boot_id} says
     */
    public AttachmentTable(Path file, String bootId) {
        this.file = file;
        this.bootLine = "boot " + bootId.strip();
    }

    /** Takes up what an earlier agent wrote in this boot. */
    public synchronized void load() throws IOException {
        attachments.clear();
        if (!Files.exists(file)) {
            return;
        }
        List<String> lines = Files.readAllLines(file, UTF_8);
        if (lines.isEmpty() || !lines.getFirst().equals(bootLine)) {
            return;
        }
        for (String line : lines.subList(1, lines.size())) {
            try {
                PodAttachment attachment = PodAttachment.parse(line);
                attachments.put(attachment.endpoint(), attachment);
            } catch (IllegalArgumentException e) {
                LOG.warn("an attachment cannot be read and is left out file={}", file, e);
            }
        }
    }

    /**
     * Takes it in.
     *
     * @param living the endpoints that have a lease; what others had is forgotten
     * @throws PortTakenException if another of them has one of its ports; nothing is changed then
     * @throws IOException if it cannot be written; nothing is changed then
     */
    public synchronized void add(PodAttachment attachment, Set<Endpoint> living)
            throws PortTakenException, IOException {
        Map<Endpoint, PodAttachment> before = new LinkedHashMap<>(attachments);
        attachments.keySet().retainAll(living);
        attachments.remove(attachment.endpoint());
        try {
            for (PortMapping wanted : attachment.ports()) {
                check(wanted);
            }
            attachments.put(attachment.endpoint(), attachment);
            write();
        } catch (PortTakenException | IOException e) {
            attachments.clear();
            attachments.putAll(before);
            throw e;
        }
    }

    private void check(PortMapping wanted) throws PortTakenException {
        for (PodAttachment each : attachments.values()) {
            if (each.ports().stream().anyMatch(wanted::clashesWith)) {
                throw new PortTakenException(wanted, each);
            }
        }
    }

    /** Forgets it; one that is not there is fine. */
    public synchronized void remove(Endpoint endpoint) throws IOException {
        if (attachments.remove(endpoint) != null) {
            write();
        }
    }

    /** What is known of it. */
    public synchronized Optional<PodAttachment> of(Endpoint endpoint) {
        return Optional.ofNullable(attachments.get(endpoint));
    }

    private void write() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(bootLine);
        attachments.values().forEach(each -> lines.add(each.line()));
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(temporary, String.join("\n", lines) + "\n");
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
