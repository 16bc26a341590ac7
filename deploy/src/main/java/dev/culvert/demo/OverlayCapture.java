package dev.culvert.demo;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** One packet of the overlay on its way between two nodes, decoded by tshark. The main thread. */
final class OverlayCapture {
    private static final int SECONDS = 10;

    private OverlayCapture() {}

    /** Whether tshark is there. */
    static boolean available() throws DemoException {
        return Command.of(List.of("sh", "-c", "command -v tshark")).run().status() == 0;
    }

    /** Captures the first packet from {@code sender} to {@code receiver} and decodes it. */
    static String decode(NodeHolder underlay, Pod sender, Pod receiver, int port)
            throws DemoException, InterruptedException {
        List<String> words =
                underlay.enter(
                        List.of(
                                "tshark",
                                "-l",
                                "-n",
                                "-i",
                                "u" + sender.nodeNumber(),
                                "-c",
                                "1",
                                "-a",
                                "duration:" + SECONDS,
                                "-f",
                                "udp dst port "
                                        + port
                                        + " and src host "
                                        + Plan.underlayAddress(sender.nodeNumber()),
                                "-d",
                                "udp.port==" + port + ",vxlan",
                                "-O",
                                "vxlan"));
        try {
            Process process = new ProcessBuilder(words).start();
            awaitCapturing(process);
            List<String> ping = List.of("ping", "-n", "-q", "-c", "3", "-i", "0.2");
            Command.of(sender.enter(with(ping, receiver.address()))).run();
            if (!process.waitFor(SECONDS + 5, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            return shortened(
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new DemoException("cannot run tshark: " + e.getMessage(), e);
        }
    }

    private static void awaitCapturing(Process process) throws IOException {
        BufferedReader errors = process.errorReader(StandardCharsets.UTF_8);
        String line = errors.readLine();
        while (line != null && !line.startsWith("Capturing on")) {
            line = errors.readLine();
        }
    }

    private static List<String> with(List<String> words, String last) {
        return Stream.concat(words.stream(), Stream.of(last)).toList();
    }

    /** Without the empty lines and the line about the capture file. */
    static String shortened(String text) {
        return text.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("Frame "))
                .collect(Collectors.joining("\n"));
    }
}
