package dev.culvert.agent.install;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CniInstallerTest {
    private static final String NEW_PROGRAM = "the new program, longer than the old one";

    @TempDir private Path directory;
    private Path bin;
    private Path conf;
    private Path program;
    private Path list;
    private CniFiles files;

    @BeforeEach
    void makePaths() throws IOException {
        useFolder("node");
    }

    private void useFolder(String name) throws IOException {
        Path node = Files.createDirectories(directory.resolve(name));
        bin = node.resolve("opt/cni/bin");
        conf = node.resolve("etc/cni/net.d");
        program = bin.resolve("culvert-cni");
        list = conf.resolve("10-culvert.conflist");
        Path source = Files.writeString(node.resolve("culvert-cni"), NEW_PROGRAM);
        files = new CniFiles(source, bin, conf, List.of());
    }

    private void installOldVersion() throws IOException {
        Files.createDirectories(bin);
        Files.createDirectories(conf);
        Files.writeString(program, "old program");
        Files.writeString(list, "{\"old\":true}");
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file) : "";
    }

    private static List<Path> content(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(folder)) {
            return found.toList();
        }
    }

    private String newList() {
        return new String(new NetworkList(files.chained()).content(), UTF_8);
    }

    @Test
    void putsBothInPlaceWithTheirPermissions() throws IOException {
        assertThat(new CniInstaller(files).install()).containsExactly(program, list);
        assertThat(program).hasContent(NEW_PROGRAM);
        assertThat(list).hasContent(newList());
        assertThat(permissions(program)).isEqualTo("rwxr-xr-x");
        assertThat(permissions(list)).isEqualTo("rw-r--r--");
        assertThat(content(bin)).containsExactly(program);
        assertThat(content(conf)).containsExactly(list);
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void writesNothingThatIsInPlaceAlready() throws IOException {
        new CniInstaller(files).install();
        StepsUntilKilled steps = new StepsUntilKilled(0);
        assertThat(new CniInstaller(files, steps).install()).isEmpty();
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-------"));
        assertThat(new CniInstaller(files).install()).containsExactly(program);
        Files.writeString(list, newList().replace("1.1.0", "1.2.0"));
        assertThat(new CniInstaller(files).install()).containsExactly(list);
        assertThat(list).hasContent(newList());
    }

    @Test
    void leavesEachFileOldOrNewWhereverItIsKilled() throws IOException {
        int steps = 0;
        while (killedAfter(steps, true)) {
            steps++;
        }
        assertThat(steps).as("steps of both files").isGreaterThanOrEqualTo(8);
        steps = 0;
        while (killedAfter(steps, false)) {
            steps++;
        }
        assertThat(steps).isGreaterThanOrEqualTo(8);
    }

    private boolean killedAfter(int count, boolean upgrade) throws IOException {
        useFolder("killed-" + upgrade + count);
        if (upgrade) {
            installOldVersion();
        }
        StepsUntilKilled steps = new StepsUntilKilled(count);
        try {
            new CniInstaller(files, steps).install();
        } catch (StepsUntilKilled.Killed _) {
            assertWhole(upgrade);
        }
        new CniInstaller(files).install();
        assertThat(program).hasContent(NEW_PROGRAM);
        assertThat(list).hasContent(newList());
        assertThat(content(bin)).as("nothing is left over").containsExactly(program);
        assertThat(content(conf)).as("nothing is left over").containsExactly(list);
        return steps.killed();
    }

    private void assertWhole(boolean upgrade) throws IOException {
        assertThat(text(program)).isIn(upgrade ? "old program" : "", NEW_PROGRAM);
        assertThat(text(list)).isIn(upgrade ? "{\"old\":true}" : "", newList());
        if (text(list).equals(newList())) {
            assertThat(program).as("what the list names").hasContent(NEW_PROGRAM);
        }
        assertThat(content(conf))
                .as("what a runtime would take")
                .filteredOn(each -> each.toString().matches(".*\\.(conf|conflist|json)"))
                .isSubsetOf(List.of(list));
    }

    @Test
    void takesTheListAwayFirstWhereverItIsKilled() throws IOException {
        boolean killed = true;
        for (int count = 0; killed; count++) {
            useFolder("removed-" + count);
            new CniInstaller(files).install();
            StepsUntilKilled steps = new StepsUntilKilled(count);
            try {
                new CniInstaller(files, steps).uninstall();
            } catch (StepsUntilKilled.Killed _) {
                if (Files.exists(list)) {
                    assertThat(program).as("what the list names").hasContent(NEW_PROGRAM);
                }
            }
            killed = steps.killed();
            new CniInstaller(files).uninstall();
            assertThat(content(bin)).isEmpty();
            assertThat(content(conf)).isEmpty();
        }
    }

    @Test
    void uninstallsOnlyWhatIsOurs() throws IOException {
        new CniInstaller(files).install();
        Path other = Files.writeString(conf.resolve("20-other.conflist"), "{}");
        Path loopback = Files.writeString(bin.resolve("loopback"), "x");
        Path leftover = Files.writeString(conf.resolve(".10-culvert.conflist.17.tmp"), "{");
        assertThat(new CniInstaller(files).uninstall()).containsExactly(list, program);
        assertThat(content(conf)).containsExactly(other);
        assertThat(content(bin)).containsExactly(loopback);
        assertThat(leftover).doesNotExist();
        assertThat(new CniInstaller(files).uninstall()).isEmpty();
    }

    @Test
    void uninstallsWhereNothingEverWas() throws IOException {
        assertThat(new CniInstaller(files).uninstall()).isEmpty();
        assertThat(conf).doesNotExist();
    }

    /** What the runtimes' watchers act on: a name that they read appears once, by a rename. */
    @Test
    @Timeout(60)
    void showsWatchersNoNameOfOursButTheLists() throws Exception {
        Files.createDirectories(conf);
        try (WatchService watch = FileSystems.getDefault().newWatchService()) {
            conf.register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            new CniInstaller(files).install();
            List<String> seen = new ArrayList<>();
            while (!seen.contains("10-culvert.conflist")) {
                WatchKey key = watch.take();
                key.pollEvents().forEach(event -> seen.add(String.valueOf(event.context())));
                key.reset();
            }
            assertThat(seen)
                    .allMatch(
                            name ->
                                    name.equals("10-culvert.conflist")
                                            || (name.startsWith(".") && name.endsWith(".tmp")));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"05-cilium.conflist", "10-calico.conflist", "00.conf", "1.json"})
    void reportsListsThatTheRuntimeTakesInstead(String name) throws IOException {
        new CniInstaller(files).install();
        Path other = Files.writeString(conf.resolve(name), "{}");
        assertThat(new CniInstaller(files).takenBefore()).containsExactly(other);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10-flannel.conflist", "99-loopback.conf", "00-README", "00.conf.old"})
    void isSilentAboutWhatTheRuntimeDoesNotTake(String name) throws IOException {
        new CniInstaller(files).install();
        Files.writeString(conf.resolve(name), "{}");
        assertThat(new CniInstaller(files).takenBefore()).isEmpty();
    }

    @Test
    void refusesAListWhoseChainedPluginIsMissing() throws IOException {
        CniFiles chained = new CniFiles(files.executable(), bin, conf, List.of("portmap"));
        assertThatThrownBy(() -> new CniInstaller(chained).install())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the plugin portmap is to follow ours")
                .hasMessageContaining(bin.resolve("portmap").toString());
        assertThat(list).doesNotExist();
        Files.createDirectories(bin);
        Path portmap = Files.writeString(bin.resolve("portmap"), "x");
        Files.setPosixFilePermissions(portmap, PosixFilePermissions.fromString("rwx------"));
        assertThat(new CniInstaller(chained).install()).contains(list);
    }

    @Test
    void saysWhatCannotBeReadOrWritten() throws IOException {
        Path missing = directory.resolve("missing");
        assertThatThrownBy(
                        () ->
                                new CniInstaller(new CniFiles(missing, bin, conf, List.of()))
                                        .install())
                .hasMessage(
                        "the CNI executable cannot be read from %s: %s does not exist"
                                .formatted(missing, missing));
        Files.createDirectories(list);
        Files.writeString(list.resolve("x"), "x");
        assertThatThrownBy(() -> new CniInstaller(files).install())
                .hasMessageStartingWith("cannot write " + list + ": ");
        assertThat(program).as("the first file is in place").hasContent(NEW_PROGRAM);
        assertThat(content(conf)).containsExactly(list);
    }
}
