# Deploys the packaged template of affiliate-webhooks. docs/deploying.md has the commands before this.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "region" {
  description = "Region of the stack, and of the bucket that sam package used"
  type        = string
}

variable "bucket" {
  description = "Bucket for the template; the one that sam package --resolve-s3 made is as good as any"
  type        = string
}

variable "fulfil_from" {
  description = "Moment of the first deploy, in UTC (2026-01-31T00:00:00Z); it stays as it is"
  type        = string
}

variable "reward_recipient" {
  description = "Who receives non-monetary rewards; rules needs RewardRecipientRules among the parameters"
  type        = string
  validation {
    condition     = contains(["promoter", "referral", "rules"], var.reward_recipient)
    error_message = "promoter, referral or rules"
  }
}

variable "reward_endpoint_url" {
  description = "Your own system that gives the rewards; empty if there is none, and then the parameters say FulfilmentSource = off"
  type        = string
}

variable "alarm_email" {
  description = "Who is told of alarms; AWS sends a message whose link has to be followed. Empty only with AlarmTopicArn among the parameters"
  type        = string
}

variable "runbook_url" {
  description = "Where those who are told of alarms read RUNBOOK.md"
  type        = string
  default     = "RUNBOOK.md"
}

variable "parameters" {
  description = "Any other of docs/settings.md, such as {RewardRecipientRules = \"*:points=promoter\"} or {FulfilmentSource = \"off\"}"
  type        = map(string)
  default     = {}
}

variable "architecture" {
  description = "That of sam build"
  type        = string
  default     = "arm64"
}

provider "aws" {
  region = var.region
}

locals {
  template = "${path.module}/packaged.yaml"
}

resource "aws_s3_object" "template" {
  bucket = var.bucket
  key    = "affiliate-webhooks/${filemd5(local.template)}.yaml"
  source = local.template
}

resource "aws_cloudformation_stack" "affiliate_webhooks" {
  name         = "affiliate-webhooks"
  template_url = "https://${var.bucket}.s3.${var.region}.amazonaws.com/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

  # What is not named has its default.
  parameters = merge({
    Architecture      = var.architecture
    FulfilFrom        = var.fulfil_from
    RewardRecipient   = var.reward_recipient
    RewardEndpointUrl = var.reward_endpoint_url
    AlarmEmail        = var.alarm_email
    RunbookUrl        = var.runbook_url
  }, var.parameters)

  lifecycle {
    precondition {
      condition     = var.alarm_email != "" || lookup(var.parameters, "AlarmTopicArn", "") != ""
      error_message = "Somebody has to be told of alarms: alarm_email, or AlarmTopicArn among the parameters."
    }
    precondition {
      condition     = var.reward_recipient != "rules" || lookup(var.parameters, "RewardRecipientRules", "") != ""
      error_message = "reward_recipient = rules needs RewardRecipientRules among the parameters."
    }
    precondition {
      condition     = var.reward_endpoint_url != "" || lookup(var.parameters, "FulfilmentSource", "") == "off"
      error_message = "Without reward_endpoint_url the parameters have to say FulfilmentSource = off."
    }
  }

  # A gradual deployment of all functions takes up to an hour and three quarters.
  timeouts {
    create = "30m"
    update = "3h"
  }

  tags = {
    project = "affiliate-webhooks"
  }
}

output "outputs" {
  description = "Addresses, names and ARNs, as the template's outputs name them"
  value       = aws_cloudformation_stack.affiliate_webhooks.outputs
}
