package dev.culvert.agent.cni;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * The DELs that came while the agent was away: files that the executable left, each the payload of
 * a request. Any thread.
 */
final class DeleteQueue {
    private static final Logger LOG = LogManager.getLogger(DeleteQueue.class);

    private final Path directory;
    private final CniDispatcher dispatcher;

    DeleteQueue(Path directory, CniDispatcher dispatcher) {
        this.directory = directory;
        this.dispatcher = dispatcher;
    }

    /**
     * Carries out what is there. A file that is no DEL is renamed to {@code *.bad}; one that fails
     * stays for the next time.
     */
    synchronized void drain() {
        for (Path file : files()) {
            try {
                apply(file);
            } catch (IOException | RuntimeException e) {
                LOG.warn("queued DEL cannot be carried out and stays file={}", file, e);
            }
        }
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

    private void apply(Path file) throws IOException {
        CniRequest request;
        try {
            if (Files.size(file) > CniFraming.MAX_PAYLOAD_BYTES) {
                throw new CniFraming.MalformedException("longer than any request");
            }
            request = new CniRequest(CniFraming.decode(Files.readAllBytes(file)));
            request.endpoint();
            if (!request.command().equals("DEL")) {
                throw new CniFraming.MalformedException("'" + request.command() + "' is no DEL");
            }
        } catch (CniFraming.MalformedException | CniError e) {
            Path aside = file.resolveSibling(file.getFileName() + ".bad");
            LOG.warn("queued DEL is set aside file={} reason={}", aside, e.getMessage());
            Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
            return;
        }
        if (dispatcher.dispatch(request, null).isSuccess()) {
            Files.deleteIfExists(file);
            LOG.info("queued DEL carried out container={}", request.containerId());
        }
    }
}
