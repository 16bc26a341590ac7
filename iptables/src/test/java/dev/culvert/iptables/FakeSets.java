package dev.culvert.iptables;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code ipset} keeps, as {@link FakeKernel} plays it; line by line, not atomic. One thread.
 */
final class FakeSets {
    private final Map<String, String> headers = new LinkedHashMap<>();
    private final Map<String, Set<String>> members = new LinkedHashMap<>();

    boolean has(String name) {
        return headers.containsKey(name);
    }

    Set<String> names() {
        return headers.keySet();
    }

    /** To look at and to edit. */
    Set<String> members(String name) {
        Set<String> found = members.get(name);
        if (found == null) {
            throw new AssertionError("no set " + name + ", but " + names());
        }
        return found;
    }

    String save() {
        StringBuilder text = new StringBuilder();
        headers.forEach(
                (name, header) -> {
                    text.append("create " + name + " " + header + "\n");
                    members(name)
                            .forEach(member -> text.append("add " + name + " " + member + "\n"));
                });
        return text.toString();
    }

    IptablesCommand.Result restore(String script) {
        List<String> lines = script.lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String complaint = line(lines.get(i).replace(" -exist", ""));
            if (!complaint.isEmpty()) {
                String error = "ipset v7: Error in line " + (i + 1) + ": " + complaint;
                return new IptablesCommand.Result(1, "", error);
            }
        }
        return new IptablesCommand.Result(0, "", "");
    }

    private String line(String line) {
        String[] parts = line.split(" ", 3);
        String name = parts[1];
        boolean create = parts[0].equals("create");
        if (create == has(name)) {
            return create ? "Set cannot be created: it exists" : "The set does not exist";
        }
        switch (parts[0]) {
            case "create" -> {
                headers.put(name, parts[2]);
                members.put(name, new LinkedHashSet<>());
            }
            case "add" -> {
                members(name).remove(parts[2].replace(" nomatch", ""));
                members(name).remove(parts[2].replace(" nomatch", "") + " nomatch");
                members(name).add(parts[2]);
            }
            case "del" ->
                    members(name).removeIf(each -> each.replace(" nomatch", "").equals(parts[2]));
            case "swap" -> {
                Set<String> mine = members(name);
                members.put(name, members(parts[2]));
                members.put(parts[2], mine);
            }
            case "destroy" -> {
                headers.remove(name);
                members.remove(name);
            }
            default -> {
                return "unknown command";
            }
        }
        return "";
    }
}
