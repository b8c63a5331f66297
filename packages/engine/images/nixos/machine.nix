# What makes a NixOS a machine of Cloister's: the tools, the agents, the user whom they run as, and the guest agent.
{
  config,
  lib,
  modulesPath,
  pkgs,
  ...
}:
let
  guestPath = "/usr/local/libexec/cloister-guest";
  toplevel = config.system.build.toplevel;
  disk = pkgs.callPackage (modulesPath + "/../lib/make-ext4-fs.nix") {
    storePaths = [ toplevel ];
    volumeLabel = "cloister";
    uuid = "7f6c1a52-5a0e-4d3b-9c1f-0c1015706001";
    # Where stage 1 looks for the system when the kernel's command line does not say.
    populateImageCommands = "ln -s ${toplevel}/init ./files/init";
  };
in
{
  options.cloister = {
    guestProgram = lib.mkOption {
      type = lib.types.path;
      description = "The guest agent: a static program for the machine's processor.";
    };
    agents = lib.mkOption {
      type = lib.types.listOf lib.types.package;
      default = [
        pkgs.claude-code
        pkgs.codex
        pkgs.gemini-cli
      ];
      description = "Coding agents. Their versions are those of nixpkgs.";
    };
  };

  config = {
    environment.systemPackages = config.cloister.agents ++ [
      pkgs.curl
      pkgs.gh
      pkgs.git
      pkgs.jujutsu
      pkgs.nodejs_24
      pkgs.ripgrep
      pkgs.tmux
    ];
    nixpkgs.config.allowUnfreePredicate = package: lib.getName package == "claude-code";

    users.groups.agent.gid = 1000;
    users.users.agent = {
      isNormalUser = true;
      uid = 1000;
      group = "agent";
      home = "/home/agent";
    };

    # Everything goes over virtio-serial: there is no network device, and nothing to configure.
    networking.hostName = "cloister";
    networking.useDHCP = false;
    networking.firewall.enable = false;

    boot.loader.grub.enable = false;
    boot.initrd.availableKernelModules = [
      "virtio_balloon"
      "virtio_blk"
      "virtio_console"
      "virtio_mmio"
      "virtio_pci"
      "virtio_rng"
    ];
    fileSystems."/" = {
      device = "/dev/vda";
      fsType = "ext4";
      options = [ "noatime" ];
    };

    systemd.tmpfiles.rules = [ "L+ ${guestPath} - - - - ${config.cloister.guestProgram}" ];
    systemd.services.cloister-guest = {
      description = "Cloister's guest agent";
      wantedBy = [ "multi-user.target" ];
      serviceConfig = {
        ExecStart = "${config.cloister.guestProgram} serve";
        Restart = "always";
        # What it starts ends with its connection, by its own doing.
        KillMode = "process";
      };
    };

    system.build.cloisterImage = pkgs.runCommand "cloister-image" { } ''
      mkdir $out
      cp ${config.system.build.kernel}/${config.system.boot.loader.kernelFile} $out/vmlinuz
      cp ${config.system.build.initialRamdisk}/${config.system.boot.loader.initrdFile} $out/initrd
      cp ${disk} $out/disk.raw
    '';
    system.stateVersion = "25.11";
  };
}
