package dev.culvert.agent.install;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** The real steps, until the process "is killed": half of that step is done, and no other. */
final class StepsUntilKilled implements FileSteps {
    /** Not an exception that the code under test could catch to clean up. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private final FileSteps disk = new DiskSteps();
    private int left;
    private boolean killed;

    /**
     * @param steps how many are done before
     */
    StepsUntilKilled(int steps) {
        this.left = steps;
    }

    boolean killed() {
        return killed;
    }

    private void step() {
        if (left == 0) {
            killed = true;
            throw new Killed();
        }
        left--;
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        step();
        disk.createDirectories(directory);
    }

    @Override
    public void write(Path file, byte[] content, String permissions) throws IOException {
        if (left == 0) {
            disk.write(file, Arrays.copyOf(content, content.length / 2), permissions);
        }
        step();
        disk.write(file, content, permissions);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        step();
        disk.rename(from, to);
    }

    @Override
    public void sync(Path directory) throws IOException {
        step();
        disk.sync(directory);
    }

    @Override
    public boolean delete(Path file) throws IOException {
        step();
        return disk.delete(file);
    }
}
