package dev.culvert.agent.ipam;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The journal as one small file a lease, {@code <directory>/<hash of the endpoint>.lease}, with two
 * lines: {@code boot ID} and the lease's text form. A file appears whole or not at all (temporary
 * file, fsync, rename). Files of an earlier boot are dropped, since their pods are gone; files that
 * cannot be read are renamed to {@code *.bad} and logged.
 *
 * <p>Calls come one at a time.
 */
public final class FileLeaseStore implements LeaseStore {
    private static final Logger LOG = LogManager.getLogger(FileLeaseStore.class);
    private static final String SUFFIX = ".lease";

    private final Path directory;
    private final String bootLine;

    /**
     * @param directory where the files are; made when it is needed
     * @param bootId what {@code /proc/sys/kernel/random/boot_id} says
     */
    public FileLeaseStore(Path directory, String bootId) {
        this.directory = directory;
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
                    read(file).ifPresent(leases::add);
                } else if (name.endsWith(".tmp")) {
                    Files.delete(file);
                }
            }
        }
        return leases;
    }

    private Optional<AddressLease> read(Path file) throws IOException {
        String[] lines = new String(Files.readAllBytes(file), UTF_8).split("\n", -1);
        if (lines.length > 1 && lines[0].startsWith("boot ") && !lines[0].equals(bootLine)) {
            Files.delete(file);
            return Optional.empty();
        }
        Optional<AddressLease> lease =
                lines.length == 3 && lines[0].equals(bootLine) && lines[2].isEmpty()
                        ? AddressLease.ofAlias(lines[1])
                        : Optional.empty();
        if (lease.isEmpty()) {
            Path aside = file.resolveSibling(file.getFileName() + ".bad");
            LOG.warn("journal entry is not readable and is set aside file={}", aside);
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
        }
        return lease;
    }

    @Override
    public void put(AddressLease lease) throws IOException {
        Files.createDirectories(
                directory,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path file = file(lease.endpoint());
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        byte[] content = (bootLine + "\n" + lease.alias() + "\n").getBytes(UTF_8);
        try (FileChannel channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            ByteBuffer rest = ByteBuffer.wrap(content);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
            channel.force(true);
        }
        rename(temporary, file);
        syncDirectory();
    }

    private static void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            throw new IOException("the file system of " + to + " has no atomic rename", e);
        }
    }

    private void syncDirectory() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
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
