package dev.culvert.agent.doctor;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** Which network the container runtime takes: the first of the directory. Immutable. */
record CniConfigCheck(Path directory) implements Check {
    private static final Pattern LIST = Pattern.compile("[^.].*\\.(conf|conflist|json)");
    private static final String OURS = "culvert";

    @Override
    public List<Finding> look(Machine machine) {
        List<String> names =
                machine.list(directory.toString()).stream()
                        .filter(name -> LIST.matcher(name).matches())
                        .toList();
        if (names.isEmpty()) {
            return List.of(
                    Finding.warning(
                            "cni",
                            "%s has no network list".formatted(directory),
                            "The agent puts one there once it is ready if cniConfDir is set, or use"
                                    + " culvert install-cni."));
        }
        String first = names.getFirst();
        if (first.contains(OURS)) {
            return List.of(
                    Finding.ok("cni", "the runtime takes %s/%s".formatted(directory, first)));
        }
        return List.of(
                Finding.problem(
                        "cni",
                        "the runtime takes %s/%s, which is not Culvert's"
                                .formatted(directory, first),
                        "Remove that file when its network is no longer wanted."));
    }
}
