package dev.culvert.agent.ipam;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.culvert.net.IpAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The journal as one small file a lease, {@code <directory>/<hash of the endpoint>.lease}, with two
 * lines: {@code boot ID} and the lease's text form. The file {@code latest-addresses} beside the
 * directory has the addresses that were given last as its second line. A file appears whole or not
 * at all (temporary file, rename). Files of an earlier boot are dropped, since their pods are gone:
 * so nothing is forced to a disk, for what has to survive is the process and not the machine. Files
 * that cannot be read are renamed to {@code *.bad} and logged.
 *
 * <p>Calls come one at a time.
 */
public final class FileLeaseStore implements LeaseStore {
    private static final Logger LOG = LogManager.getLogger(FileLeaseStore.class);
    private static final String SUFFIX = ".lease";

    private final Path directory;
    private final Path latest;
    private final String bootLine;

    /**
     * @param directory where the files are; made when it is needed
     * @param bootId what {@code /proc/sys/kernel/random/boot_id} says
     */
    public FileLeaseStore(Path directory, String bootId) {
        this.directory = directory;
        this.latest = directory.resolveSibling("latest-addresses");
        this.bootLine = "boot " + bootId.strip();
    }

    @Override
    public List<AddressLease> load() throws IOException {
        List<AddressLease> leases = new ArrayList<>();
        if (!Files.isDirectory(directory)) {
            return leases;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (name.endsWith(SUFFIX)) {
                    read(file, AddressLease::ofAlias).ifPresent(leases::add);
                } else if (name.endsWith(".tmp")) {
                    Files.delete(file);
                }
            }
        }
        return leases;
    }

    /** The second line's value; empty if the file is of an earlier boot or cannot be read. */
    private <T> Optional<T> read(Path file, Function<String, Optional<T>> parser)
            throws IOException {
        String[] lines = new String(Files.readAllBytes(file), UTF_8).split("\n", -1);
        if (lines.length > 1 && lines[0].startsWith("boot ") && !lines[0].equals(bootLine)) {
            Files.delete(file);
            return Optional.empty();
        }
        Optional<T> value =
                lines.length == 3 && lines[0].equals(bootLine) && lines[2].isEmpty()
                        ? parser.apply(lines[1])
                        : Optional.empty();
        if (value.isEmpty()) {
            Path aside = file.resolveSibling(file.getFileName() + ".bad");
            LOG.warn("journal entry is not readable and is set aside file={}", aside);
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        }
        return value;
    }

    private static Optional<List<InetAddress>> addresses(String line) {
        try {
            return Optional.of(Arrays.stream(line.split(",", -1)).map(IpAddresses::parse).toList());
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    @Override
    public void put(AddressLease lease) throws IOException {
        write(file(lease.endpoint()), lease.alias());
    }

    @Override
    public List<InetAddress> latest() throws IOException {
        return Files.exists(latest)
                ? read(latest, FileLeaseStore::addresses).orElse(List.of())
                : List.of();
    }

    @Override
    public void remember(List<InetAddress> addresses) throws IOException {
        write(
                latest,
                addresses.stream()
                        .map(InetAddress::getHostAddress)
                        .collect(Collectors.joining(",")));
    }

    private void write(Path file, String line) throws IOException {
        Files.createDirectories(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(temporary, bootLine + "\n" + line + "\n");
        try {
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the file system of " + file + " has no atomic rename", e);
        }
    }

    @Override
    public void remove(Endpoint endpoint) throws IOException {
        Files.deleteIfExists(file(endpoint));
    }

    private Path file(Endpoint endpoint) {
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(endpoint.toString().getBytes(UTF_8));
            return directory.resolve(HexFormat.of().formatHex(hash, 0, 16) + SUFFIX);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
