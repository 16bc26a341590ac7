package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.agent.cni.CniCaller.Outcome;
import dev.culvert.linux.UnixSocket;
import dev.culvert.linux.netns.NetworkNamespace;
import dev.culvert.net.Cidr;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** ADD and DEL of the same container at the same time, through the real socket. */
final class CniRacesIT {
    private static final int RUNTIMES = 4;
    private static final int ROUNDS = 60;
    private static final int KILLS = 12;

    private static final Cidr RANGE = Cidr.parse("10.244.1.0/24");
    private static final Cidr RANGE6 = Cidr.parse("fd00:1::/64");

    @TempDir Path run;

    private CniNode node;

    @BeforeEach
    void start() throws Exception {
        node = new CniNode(run).withRanges(RANGE, RANGE6);
        node.start();
    }

    @AfterEach
    void close() {
        if (node != null) {
            node.close();
        }
    }

    /** A call whose bytes go out bit by bit, as the executable's do on a slow machine. */
    private final class Call implements AutoCloseable {
        private final UnixSocket socket;
        private byte[] rest;
        private String answer = "";

        /** Connects and sends the first bytes. */
        Call(String verb, String container, NetworkNamespace namespace) throws IOException {
            byte[] request =
                    CniFramingTest.request(
                            CniCaller.variables(verb, container, namespace.path().toString()),
                            InMemoryNode.configuration("1.1.0").toString());
            socket = UnixSocket.connect(run.resolve("cni.sock"));
            socket.setTimeout(Duration.ofSeconds(60));
            socket.sendWithDescriptor(Arrays.copyOf(request, 5), namespace.descriptor());
            rest = Arrays.copyOfRange(request, 5, request.length);
        }

        void sendHalf() throws IOException {
            int half = rest.length / 2;
            socket.send(rest, 0, half);
            rest = Arrays.copyOfRange(rest, half, rest.length);
        }

        void sendRest() throws IOException {
            socket.send(rest);
        }

        void readAnswer() throws IOException {
            byte[] header = exactly(12);
            answer = new String(exactly(ByteBuffer.wrap(header).getInt(8)), StandardCharsets.UTF_8);
        }

        private byte[] exactly(int length) throws IOException {
            byte[] bytes = new byte[length];
            int done = 0;
            while (done < length) {
                int count = socket.receive(bytes, done, length - done, new ArrayList<>());
                assertThat(count).as("bytes of an answer").isPositive();
                done += count;
            }
            return bytes;
        }

        @Override
        public void close() {
            socket.close();
        }
    }

    /** One thing that a caller does. */
    private interface Step {
        void take() throws Exception;
    }

    /**
     * An ADD and the DEL of a runtime that gave up on it, their steps in an order that only {@code
     * seed} knows: each call's own are in order, and the ADD is first to connect.
     */
    private String race(String container, NetworkNamespace pod, long seed) throws Exception {
        Random random = new Random(seed);
        List<Call> calls = new ArrayList<>();
        try {
            Call add = new Call("ADD", container, pod);
            calls.add(add);
            List<Step> adding =
                    new ArrayList<>(
                            List.of(
                                    add::sendHalf,
                                    add::sendRest,
                                    random.nextBoolean() ? add::readAnswer : add::close));
            List<Step> deleting =
                    new ArrayList<>(
                            List.of(
                                    () -> calls.add(new Call("DEL", container, pod)),
                                    () -> calls.getLast().sendHalf(),
                                    () -> calls.getLast().sendRest()));
            while (!adding.isEmpty() || !deleting.isEmpty()) {
                boolean first = deleting.isEmpty() || (!adding.isEmpty() && random.nextBoolean());
                (first ? adding : deleting).removeFirst().take();
            }
            calls.getLast().readAnswer();
            assertThat(calls.getLast().answer).as("seed %d: answer to DEL", seed).isEmpty();
            return add.answer;
        } finally {
            calls.forEach(Call::close);
        }
    }

    @Test
    void leavesNothingWhateverTheOrderOfTheSteps() throws Exception {
        List<Callable<List<String>>> runtimes = new ArrayList<>();
        for (int i = 0; i < RUNTIMES; i++) {
            int runtime = i;
            List<NetworkNamespace> pods = List.of(node.pod(), node.pod(), node.pod(), node.pod());
            runtimes.add(
                    () -> {
                        List<String> answers = new ArrayList<>();
                        for (int round = 0; round < ROUNDS; round++) {
                            long seed = runtime * 1_000L + round;
                            NetworkNamespace pod = pods.get(round % pods.size());
                            answers.add(race("c" + seed, pod, seed));
                        }
                        return answers;
                    });
        }
        List<String> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(RUNTIMES)) {
            for (Future<List<String>> each : threads.invokeAll(runtimes)) {
                answers.addAll(each.get());
            }
        }
        node.service().close(); // waits for ADDs whose caller did not
        assertThat(node.attached()).isEmpty();
        assertThat(run.resolve("leases")).isEmptyDirectory();
        assertThat(answers).as("ADDs before their DEL").anyMatch(each -> each.contains("\"ips\""));
        assertThat(answers)
                .as("ADDs that their DEL overtook")
                .anyMatch(each -> each.contains("came after this ADD"));
    }

    @Test
    void leavesNothingWhenTheExecutableOfAnAddIsKilled() throws Exception {
        List<Callable<Outcome>> runtimes = new ArrayList<>();
        for (int i = 0; i < KILLS; i++) {
            NetworkNamespace pod = node.pod();
            String container = "killed" + i;
            long spins = new Random(i).nextLong(2_000_000);
            runtimes.add(
                    () -> {
                        byte[] stdin =
                                InMemoryNode.configuration("1.1.0")
                                        .toString()
                                        .getBytes(StandardCharsets.UTF_8);
                        Process add =
                                node.runtime()
                                        .start(
                                                CniCaller.variables(
                                                        "ADD", container, pod.path().toString()),
                                                stdin);
                        for (long spin = 0; spin < spins; spin++) {
                            Thread.onSpinWait();
                        }
                        add.destroyForcibly().waitFor();
                        return node.runtime().del(container);
                    });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(RUNTIMES)) {
            for (Future<Outcome> each : threads.invokeAll(runtimes)) {
                assertThat(each.get()).isEqualTo(new Outcome(0, ""));
            }
        }
        node.service().close();
        assertThat(node.attached()).isEmpty();
        assertThat(run.resolve("leases")).isEmptyDirectory();
    }

    @Test
    void breaksNoAddByGarbageCollectionThatKnowsNothingOfIt() throws Exception {
        ObjectNode nothingIsValid = InMemoryNode.configuration("1.1.0");
        nothingIsValid.putArray("cni.dev/valid-attachments");
        AtomicBoolean done = new AtomicBoolean();
        List<Callable<List<Outcome>>> runtimes = new ArrayList<>();
        for (int i = 0; i < RUNTIMES; i++) {
            List<NetworkNamespace> pods = new ArrayList<>();
            for (int pod = 0; pod < 8; pod++) {
                pods.add(node.pod());
            }
            runtimes.add(
                    () -> {
                        List<Outcome> outcomes = new ArrayList<>();
                        for (NetworkNamespace pod : pods) {
                            outcomes.add(node.runtime().add("c" + pod.inode(), pod));
                        }
                        return outcomes;
                    });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(RUNTIMES + 1)) {
            Future<Integer> collector =
                    threads.submit(
                            () -> {
                                int collections = 0;
                                while (!done.get()) {
                                    collect(nothingIsValid);
                                    collections++;
                                }
                                return collections;
                            });
            try {
                for (Future<List<Outcome>> each : threads.invokeAll(runtimes)) {
                    each.get().forEach(Outcome::assertSuccess);
                }
            } finally {
                done.set(true);
            }
            assertThat(collector.get()).isPositive();
        }
        collect(nothingIsValid);
        assertThat(node.attached()).isEmpty();
    }

    private void collect(ObjectNode configuration) throws Exception {
        node.runtime().execute(Map.of("CNI_COMMAND", "GC"), configuration).assertSuccess();
    }

    @Test
    void carriesOutAQueuedDeleteBeforeThePodComesBackAsAnotherContainer() throws Exception {
        addPod("one", node.pod());
        node.service().close();
        assertThat(node.runtime().del("one")).isEqualTo(new Outcome(0, ""));
        assertThat(node.runtime().del("one")).isEqualTo(new Outcome(0, ""));
        node.restart();
        addPod("two", node.pod());
        assertThat(node.attached()).containsExactly("two");
        assertThat(node.runtime().del("one")).isEqualTo(new Outcome(0, ""));
        assertThat(node.attached()).containsExactly("two");
        assertThat(run.resolve("deletes")).isEmptyDirectory();
    }

    @Test
    void carriesOutADeleteThatWasQueuedWhileTheAgentStarted() throws Exception {
        NetworkNamespace pod = node.pod();
        addPod("one", pod);
        node.service().close();
        assertThat(node.runtime().del("one")).isEqualTo(new Outcome(0, ""));
        Path queued;
        try (var files = Files.list(run.resolve("deletes"))) {
            queued = files.findFirst().orElseThrow();
        }
        Path late = run.resolve(queued.getFileName());
        Files.move(queued, late);
        node.restart();
        assertThat(node.attached()).containsExactly("one");
        Files.move(late, queued);
        // The same container: its queued DEL comes first, although it is seen only now.
        addPod("one", pod);
        assertThat(node.attached()).containsExactly("one");
        assertThat(run.resolve("deletes")).isEmptyDirectory();
    }

    private void addPod(String container, NetworkNamespace pod) throws Exception {
        Map<String, String> variables =
                CniCaller.variables("ADD", container, pod.path().toString());
        variables.put("CNI_ARGS", "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0");
        node.runtime().execute(variables, InMemoryNode.configuration("1.1.0")).assertSuccess();
    }
}
