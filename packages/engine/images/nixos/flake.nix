# A machine image of NixOS, with the tools and the guest agent of the Debian image `agents`.
# `cloister image build` copies this folder, puts the guest agent beside it as `cloister-guest`, and builds from there.
{
  description = "Cloister's machine image, as NixOS";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.11";

  outputs =
    { nixpkgs, ... }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      machine =
        system:
        nixpkgs.lib.nixosSystem {
          inherit system;
          modules = [
            ./machine.nix
            { cloister.guestProgram = ./cloister-guest; }
          ];
        };
      imageFor = system: {
        name = system;
        value.image = (machine system).config.system.build.cloisterImage;
      };
    in
    {
      # For those who build a NixOS of their own.
      nixosModules.default = ./machine.nix;
      packages = builtins.listToAttrs (map imageFor systems);
    };
}
