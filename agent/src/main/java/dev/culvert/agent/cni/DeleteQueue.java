package dev.culvert.agent.cni;

import dev.culvert.agent.ipam.Endpoint;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The DELs that came while the agent was away: files that the executable left, each the payload of
 * a request. Any thread.
 */
final class DeleteQueue {
    private static final Logger LOG = LogManager.getLogger(DeleteQueue.class);

    private final Path directory;

    DeleteQueue(Path directory) {
        this.directory = directory;
    }

    /**
     * Carries out what is there. A file that is no DEL is renamed to {@code *.bad}; one that fails
     * stays for the next time.
     *
     * @param carryOut says whether it is done
     */
    synchronized void drain(Predicate<CniRequest> carryOut) {
        for (Path file : files()) {
            try {
                CniRequest delete = read(file);
                if (delete != null && carryOut.test(delete)) {
                    Files.deleteIfExists(file);
                    LOG.info("queued DEL carried out container={}", delete.containerId());
                }
            } catch (IOException | RuntimeException e) {
                LOG.warn("queued DEL cannot be carried out and stays file={}", file, e);
            }
        }
    }

    /**
     * Whether a DEL of this interface waits here: until it is done, nothing new may be made that it
     * would remove.
     */
    synchronized boolean holds(Endpoint endpoint) {
        for (Path file : files()) {
            try {
                CniRequest delete = read(file);
                if (delete != null && delete.endpoint().equals(endpoint)) {
                    return true;
                }
            } catch (IOException | CniError e) {
                LOG.warn("queued DEL cannot be read file={}", file, e);
            }
        }
        return false;
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.del")) {
            found.forEach(files::add);
        } catch (NoSuchFileException _) {
            return files; // nothing was ever queued
        } catch (IOException e) {
            LOG.warn("queued DELs cannot be read directory={}", directory, e);
        }
        Collections.sort(files);
        return files;
    }

    /** Null for a file that is no DEL, and is set aside. */
    private static @Nullable CniRequest read(Path file) throws IOException {
        try {
            if (Files.size(file) > CniFraming.MAX_PAYLOAD_BYTES) {
                throw new CniFraming.MalformedException("longer than any request");
            }
            CniRequest request = new CniRequest(CniFraming.decode(Files.readAllBytes(file)));
            request.endpoint();
            if (!request.command().equals("DEL")) {
                throw new CniFraming.MalformedException("'" + request.command() + "' is no DEL");
            }
            return request;
        } catch (CniFraming.MalformedException | CniError e) {
            Path aside = file.resolveSibling(file.getFileName() + ".bad");
            LOG.warn("queued DEL is set aside file={} reason={}", aside, e.getMessage());
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
            return null;
        }
    }
}
